namespace QuantNotebooks.Images;

/// <summary>Which files of a folder are images.</summary>
internal static class ImageFiles
{
    /// <summary>The kinds that are read, for messages.</summary>
    public const string Kinds = "PNG, JPEG, BMP and WebP";

    private static readonly string[] Read = [".png", ".jpg", ".jpeg", ".bmp", ".webp"];
    private static readonly string[] NotRead = [".gif", ".tif", ".tiff", ".heic", ".heif", ".avif", ".jp2", ".jxl", ".ppm", ".pgm", ".ico"];

    public static bool IsImage(string file) => Has(file, Read);

    /// <summary>The images of a folder itself, as paths, in ordinal order of their names. Hidden files are no images.</summary>
    /// <exception cref="QuantNotebooksException">An image is of a kind that is not read: leaving it out silently would change the set.</exception>
    public static string[] InFolder(string folder)
    {
        var images = new List<string>();
        foreach (var file in Directory.EnumerateFiles(folder).Where(file => !IsHidden(file)))
        {
            if (IsImage(file))
                images.Add(file);
            else if (Has(file, NotRead))
                throw new QuantNotebooksException($"{file} is an image of a kind that is not read; {Kinds} are. Convert it or take it out of the folder.");
        }

        images.Sort(StringComparer.Ordinal);
        return [.. images];
    }

    /// <summary>The folders inside a folder, in ordinal order, without hidden ones.</summary>
    public static string[] FoldersIn(string folder) =>
        [.. Directory.EnumerateDirectories(folder).Where(inner => !IsHidden(inner)).Order(StringComparer.Ordinal)];

    private static bool IsHidden(string path) => Path.GetFileName(path).StartsWith('.');

    private static bool Has(string file, string[] extensions) => extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase);
}
