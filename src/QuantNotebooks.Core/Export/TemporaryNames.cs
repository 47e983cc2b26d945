using System.Collections.Concurrent;

namespace QuantNotebooks.Export;

/// <summary>Files under temporary names that this process is writing. A process that ends meanwhile, since a user left what it does behind, removes them.</summary>
internal static class TemporaryNames
{
    private static readonly ConcurrentDictionary<string, bool> Used = [];

    static TemporaryNames() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (var name in Used.Keys) Remove(name);
    };

    /// <summary>A name beside the file that nobody else has.</summary>
    public static string For(string path)
    {
        var name = Path.GetFullPath($"{path}.{Guid.NewGuid():n}.tmp");
        Used[name] = true;
        return name;
    }

    /// <summary>Removes the file, if it still has that name.</summary>
    public static void Release(string name)
    {
        if (File.Exists(name)) File.Delete(name);
        Used.TryRemove(name, out _);
    }

    private static void Remove(string name)
    {
        try
        {
            File.Delete(name);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It stays until the same file is written again (AbandonedFiles).
        }
    }
}
