using System.Globalization;

namespace QuantNotebooks.Kernel.Tests;

/// <summary>What runs on a Linux machine.</summary>
internal static class LinuxProcesses
{
    /// <summary>The processes in whose command line or environment a text stands.</summary>
    /// <param name="file">Where to look, in /proc's words: <c>cmdline</c> or <c>environ</c>.</param>
    /// <param name="text">What to look for.</param>
    public static IEnumerable<(int Id, string Line)> Where(string file, string text)
    {
        foreach (var folder in Directory.GetDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id)) continue;
            string line;
            try
            {
                if (!File.ReadAllText(Path.Combine(folder, file)).Contains(text, StringComparison.Ordinal)) continue;
                line = File.ReadAllText(Path.Combine(folder, "cmdline")).Replace('\0', ' ');
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                continue; // it has ended meanwhile, or is another user's
            }
            yield return (id, line);
        }
    }
}
