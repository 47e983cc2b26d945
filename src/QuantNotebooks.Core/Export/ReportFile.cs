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
        // A span can't be caught by a function.
        var bytes = content.ToArray();
        Write(path, stream => stream.Write(bytes));
    }

    /// <summary>Writes under a temporary name in the same folder, waits for the disk, then renames it.</summary>
    /// <param name="path">The file; one that exists is replaced. Its folder must exist.</param>
    /// <param name="write">Writes the whole content.</param>
    /// <param name="cancellation">Stops the writing; no file is left then.</param>
    /// <exception cref="QuantNotebooksException">The file can't be written.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    internal static void Write(string path, Action<Stream> write, CancellationToken cancellation = default)
    {
        RequireWritable(path);
        // Of its own, so that two processes with one target don't write into one file.
        var temporary = TemporaryNames.For(path);
        try
        {
            AbandonedFiles.Remove(path);
            // Held until it has its name, so that no other process takes it for abandoned; Windows renames what is open where that is shared.
            using var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None, bufferSize: 0);
            using var stream = new DurableStream(file, cancellation);
            write(stream);
            stream.Complete();
            File.Move(temporary, path, overwrite: true);
        }
        // The last is what .NET makes of a file beyond the size that the file system or the shell allows.
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            var reason = error is ArgumentOutOfRangeException ? "it would be larger than the system allows." : error.Message.Replace($" : '{temporary}'", "", StringComparison.Ordinal).Replace(temporary, path, StringComparison.Ordinal);
            throw new QuantNotebooksException($"'{path}' can't be written: {reason.TrimEnd('.')}.", error);
        }
        finally
        {
            TemporaryNames.Release(temporary); // of which there is a file after a failure only
        }
    }

    /// <summary>Refuses a path that can't become a file, so that a long computation is not lost to a typing error.</summary>
    /// <exception cref="QuantNotebooksException">The path is empty or a folder, or its folder does not exist.</exception>
    public static void RequireWritable(string path)
    {
        if (string.IsNullOrWhiteSpace(path)) throw new QuantNotebooksException("The path of the file to write is empty.");
        if (Directory.Exists(path)) throw new QuantNotebooksException($"'{path}' is a folder; the name of a file to write is wanted.");
        var folder = Path.GetDirectoryName(Path.GetFullPath(path));
        if (folder is null || Directory.Exists(folder)) return;
        throw new QuantNotebooksException($"'{path}' can't be written: {(File.Exists(folder) ? $"'{folder}' is a file, not a folder" : $"there is no folder '{folder}'")}.");
    }
}
