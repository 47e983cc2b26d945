namespace QuantNotebooks.Images;

/// <summary>The two files of an IDX set: <c>x-images-idx3-ubyte[.gz]</c> and, where present, <c>x-labels-idx1-ubyte[.gz]</c>.</summary>
/// <param name="Stem">The <c>x</c> of the names.</param>
/// <param name="ImagesFile">The path of the images.</param>
/// <param name="LabelsFile">The path of the labels, or null when there are none.</param>
internal sealed record IdxPair(string Stem, string ImagesFile, string? LabelsFile)
{
    private const string ImagesSuffix = "-images-idx3-ubyte";
    private const string LabelsSuffix = "-labels-idx1-ubyte";
    private const string GzipSuffix = ".gz";

    /// <summary>How the names of the images look, for messages.</summary>
    public const string Pattern = "x-images-idx3-ubyte or x-images-idx3-ubyte.gz";

    /// <summary>The pair that an images file belongs to, or null when the file is not named like one.</summary>
    public static IdxPair? OfImagesFile(string file)
    {
        var stem = StemOf(file, ImagesSuffix);
        return stem is null ? null : new IdxPair(stem, file, Beside(file, stem + LabelsSuffix));
    }

    /// <summary>The images file that belongs to a labels file, or null when the file is not named like one or there is none.</summary>
    public static string? ImagesFileOfLabels(string file)
    {
        var stem = StemOf(file, LabelsSuffix);
        return stem is null ? null : Beside(file, stem + ImagesSuffix);
    }

    /// <summary>
    /// The pairs of a folder in ordinal order of their stems; of a file that is there plain and compressed, the plain one.
    /// </summary>
    public static IReadOnlyList<IdxPair> InFolder(string folder)
    {
        var pairs = new SortedDictionary<string, IdxPair>(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            if (OfImagesFile(file) is { } pair && (!IsCompressed(file) || !pairs.ContainsKey(pair.Stem)))
                pairs[pair.Stem] = pair;
        }

        return [.. pairs.Values];
    }

    /// <summary>The file of that name in the same folder, compressed like its neighbour if both kinds are there.</summary>
    private static string? Beside(string neighbour, string name)
    {
        var plain = Path.Combine(Path.GetDirectoryName(neighbour) ?? "", name);
        var compressed = plain + GzipSuffix;
        var (first, second) = IsCompressed(neighbour) ? (compressed, plain) : (plain, compressed);
        return File.Exists(first) ? first : File.Exists(second) ? second : null;
    }

    private static string? StemOf(string file, string suffix)
    {
        var name = Path.GetFileName(file);
        if (IsCompressed(name))
            name = name[..^GzipSuffix.Length];
        return name.EndsWith(suffix, StringComparison.Ordinal) && name.Length > suffix.Length ? name[..^suffix.Length] : null;
    }

    private static bool IsCompressed(string file) => file.EndsWith(GzipSuffix, StringComparison.Ordinal);
}
