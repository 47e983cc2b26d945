using System.Text;

namespace QuantNotebooks.Export;

/// <summary>Writes reports to files that are there as a whole or not at all.</summary>
public static class ReportFile
{
    /// <summary>Writes UTF-8 text without a byte order mark under a temporary name in the same folder, then renames it.</summary>
    /// <param name="path">The file; one that exists is replaced. Its folder must exist.</param>
    /// <param name="text">The whole content.</param>
    /// <exception cref="QuantNotebooksException">The file can't be written.</exception>
    public static void Write(string path, string text) => Write(path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetBytes(text));

    /// <summary>Writes bytes under a temporary name in the same folder, then renames it.</summary>
    /// <param name="path">The file; one that exists is replaced. Its folder must exist.</param>
    /// <param name="content">The whole content.</param>
    /// <exception cref="QuantNotebooksException">The file can't be written.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        RequireWritable(path);
        var temporary = $"{path}.{Guid.NewGuid():n}.tmp";
        try
        {
            File.WriteAllBytes(temporary, content);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            if (File.Exists(temporary)) File.Delete(temporary);
            throw new QuantNotebooksException($"'{path}' can't be written: {error.Message}", error);
        }
    }

    /// <summary>Refuses a path that can't become a file, so that a long computation is not lost to a typing error.</summary>
    /// <exception cref="QuantNotebooksException">The path is empty or a folder, or its folder does not exist.</exception>
    public static void RequireWritable(string path)
    {
        if (string.IsNullOrWhiteSpace(path)) throw new QuantNotebooksException("The path of the file to write is empty.");
        if (Directory.Exists(path)) throw new QuantNotebooksException($"'{path}' is a folder; the name of a file to write is wanted.");
        var folder = Path.GetDirectoryName(Path.GetFullPath(path));
        if (folder is not null && !Directory.Exists(folder)) throw new QuantNotebooksException($"'{path}' can't be written: there is no folder '{folder}'.");
    }
}
