namespace QuantNotebooks.Images;

/// <summary>Finds out what kind of images a path holds, and opens them.</summary>
internal static class ImageSources
{
    private const string Wanted = $"a folder of images ({ImageFiles.Kinds}), an IDX images file ({IdxPair.Pattern}) or a folder of them, or float32 tensors (.npy, .npz)";

    /// <summary>A short name of the set, and its images.</summary>
    /// <exception cref="QuantNotebooksException">The path does not exist or holds nothing that can be read.</exception>
    public static (string Name, IImageSource Source) Open(string path) => path.Length == 0
        ? throw new QuantNotebooksException($"The path of the images is empty; give {Wanted}.")
        : InputFile.Explained(path, () => Directory.Exists(path) ? OpenFolder(path) : OpenFile(path));

    private static (string Name, IImageSource Source) OpenFile(string path)
    {
        if (!File.Exists(path))
            throw new QuantNotebooksException($"{path} does not exist; give {Wanted}.");
        if (IdxPair.OfImagesFile(path) is { } pair)
            return (pair.Stem, IdxImageSource.Read(pair));
        if (HasExtension(path, ".npy"))
            return (Path.GetFileNameWithoutExtension(path), NpySource.Open(path));
        if (HasExtension(path, ".npz"))
            return (Path.GetFileNameWithoutExtension(path), NpzSource.Open(path));
        if (IdxPair.ImagesFileOfLabels(path) is { } images)
            throw new QuantNotebooksException($"{path} holds labels; give the images beside it: {images}");
        throw new QuantNotebooksException(ImageFiles.IsImage(path) || Path.GetFileName(path) == LabelFile.Name
            ? $"{path} is one file of a set of images; give its folder."
            : $"{path} is not a set of images; give {Wanted}.");
    }

    private static bool HasExtension(string path, string extension) => Path.GetExtension(path).Equals(extension, StringComparison.OrdinalIgnoreCase);

    private static (string Name, IImageSource Source) OpenFolder(string path)
    {
        var source = OpenIdx(path) ?? (IImageSource?)FolderImageSource.Open(path) ?? throw NoImages(path);
        return (Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))), source);
    }

    private static IImageSource? OpenIdx(string folder)
    {
        var pairs = IdxPair.InFolder(folder);
        return pairs.Count == 0
            ? null
            : ConcatenatedSource.Create([.. pairs.Select(pair => (pair.ImagesFile, (IImageSource)IdxImageSource.Read(pair)))]);
    }

    private static QuantNotebooksException NoImages(string folder)
    {
        var inside = ImageFiles.FoldersIn(folder).FirstOrDefault(inner => IdxPair.InFolder(inner).Count > 0);
        var hint = inside is null ? "" : $" Did you mean {inside}?";
        return new QuantNotebooksException($"The folder {folder} holds no images; give {Wanted}.{hint}");
    }
}
