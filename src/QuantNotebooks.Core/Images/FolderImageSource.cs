namespace QuantNotebooks.Images;

/// <summary>Image files of a folder, decoded one by one when they are asked for.</summary>
internal sealed class FolderImageSource : IImageSource
{
    private readonly string _folder;
    private readonly string[] _files;

    /// <param name="folder">The folder.</param>
    /// <param name="files">The paths of the images, at least one, within the folder.</param>
    /// <param name="annotations">What is known of each file.</param>
    public FolderImageSource(string folder, string[] files, ImageAnnotations annotations)
    {
        _folder = folder;
        _files = files;
        Annotations = annotations;
    }

    public int Count => _files.Length;

    public ImageShape? CommonShape => null;

    public ImageAnnotations Annotations { get; }

    public string NameOf(int index) => Path.GetRelativePath(_folder, _files[index]);

    public Image Decode(int index) => ImageDecoder.Decode(_files[index]);

    /// <summary>The images of a folder, or null when it holds none in a way that is known.</summary>
    /// <remarks>
    /// If there is a <c>labels.csv</c>, it says which files are images of the set, in its order. Otherwise the images of the folder itself are without labels, in
    /// ordinal order; or each sub-folder holds the images of one class, whose name it bears. Classes take turns, so that the first images of the set are of
    /// all classes.
    /// </remarks>
    /// <exception cref="QuantNotebooksException">The folder can be read in two ways, or its labels are wrong.</exception>
    public static FolderImageSource? Open(string folder)
    {
        var labels = Path.Combine(folder, LabelFile.Name);
        if (File.Exists(labels))
        {
            var (files, annotations) = LabelFile.Read(labels);
            return new FolderImageSource(folder, files, annotations);
        }

        var images = ImageFiles.InFolder(folder);
        var classes = ImageFiles.FoldersIn(folder).Select(inner => (Folder: inner, Images: ImageFiles.InFolder(inner))).ToList();
        var inside = classes.Find(inner => inner.Images.Length > 0).Folder;
        if (images.Length > 0)
            return inside is null
                ? new FolderImageSource(folder, images, ImageAnnotations.None)
                : throw new QuantNotebooksException(
                    $"The folder {folder} holds images itself ({Path.GetFileName(images[0])}) and in {inside}; either all or none may lie in sub-folders, which name their classes.");
        return inside is null ? null : OfClasses(folder, classes);
    }

    private static FolderImageSource OfClasses(string folder, List<(string Folder, string[] Images)> classes)
    {
        foreach (var (inner, images) in classes)
        {
            if (File.Exists(Path.Combine(inner, LabelFile.Name)))
                throw new QuantNotebooksException($"The folder {folder} is not a set: {inner} is one, with a {LabelFile.Name} of its own. Give that.");
            if (images.Length == 0)
                throw new QuantNotebooksException(
                    $"The folder {inner} holds no images itself, so it is no class of {folder}; each sub-folder must hold the images of one class. Did you mean one of the sub-folders?");
        }

        var (files, names) = (new List<string>(), new List<string>());
        var most = classes.Max(inner => inner.Images.Length);
        for (var turn = 0; turn < most; turn++)
        {
            foreach (var (inner, images) in classes)
            {
                if (turn >= images.Length)
                    continue;
                files.Add(images[turn]);
                names.Add(Path.GetFileName(inner));
            }
        }

        return new FolderImageSource(folder, [.. files], ImageAnnotations.OfWords(names));
    }
}
