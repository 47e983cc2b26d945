namespace QuantNotebooks.Images;

/// <summary>Opens files that the user named, so that what the system refuses becomes one clear message.</summary>
internal static class InputFile
{
    public static FileStream Open(string path) => Explained(path, () => File.OpenRead(path));

    /// <summary>Runs what reads a path, and explains why when it cannot.</summary>
    public static T Explained<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new QuantNotebooksException($"{path} does not exist.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new QuantNotebooksException($"{path} cannot be read: {error.Message}", error);
        }
    }
}
