namespace QuantNotebooks.Export;

/// <summary>Temporary files, "NAME.*.tmp", that a process which was killed left beside the file that it was writing.</summary>
internal static class AbandonedFiles
{
    /// <summary>Where a file system has no locks, a file that was written to just now is taken for one under way.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    // A folder that may be written but not be listed is left as it is; names that begin with a dot are names too.
    private static readonly EnumerationOptions All = new() { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = true };

    /// <summary>Removes those of one target that no process holds open; what can't be removed stays, for it is in nobody's way.</summary>
    /// <param name="path">The target. Its folder must exist.</param>
    public static void Remove(string path)
    {
        var name = Path.GetFileName(path);
        foreach (var file in new DirectoryInfo(Path.GetDirectoryName(Path.GetFullPath(path))!).EnumerateFiles("*.tmp", All))
        {
            if (!IsOf(name, file.Name) || DateTime.UtcNow - file.LastWriteTimeUtc < Grace) continue;
            try
            {
                // Opens only what nobody else has open, and is gone when closed.
                using var abandoned = new FileStream(file.FullName, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // Another process is writing it, or has removed it.
            }
        }
    }

    private static bool IsOf(string name, ReadOnlySpan<char> file) =>
        file.StartsWith($"{name}.", StringComparison.Ordinal) && Guid.TryParseExact(Path.GetFileNameWithoutExtension(file[(name.Length + 1)..]), "n", out _);
}
