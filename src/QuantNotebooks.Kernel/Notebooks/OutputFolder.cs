namespace QuantNotebooks.Kernel.Notebooks;

/// <summary>Folders for what is written.</summary>
internal static class OutputFolder
{
    /// <summary>Makes the folder and those above it, where they are not there.</summary>
    /// <exception cref="QuantNotebooksException">A file is in the way, or the system does not allow it.</exception>
    public static void Make(string path)
    {
        for (var at = Path.GetFullPath(path); at is not null; at = Path.GetDirectoryName(at))
            if (File.Exists(at)) throw new QuantNotebooksException($"The folder '{path}' can't be made: '{at}' is a file.");
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new QuantNotebooksException($"The folder '{path}' can't be made: {error.Message}", error);
        }
    }
}
