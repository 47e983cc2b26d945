using System.Diagnostics;

namespace QuantNotebooks.Benchmarks;

/// <summary>This program once more, in a process of its own: what it prints.</summary>
internal static class OwnProcess
{
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static string Run(params string[] arguments)
    {
        var host = Environment.ProcessPath!;
        // Started as `dotnet FILE.dll` this process is the host's, which wants the file again.
        string[] words = Path.GetFileNameWithoutExtension(host) == "dotnet" ? [typeof(OwnProcess).Assembly.Location, .. arguments] : arguments;
        using var process = Process.Start(new ProcessStartInfo(host, words) { RedirectStandardOutput = true })!;
        var printed = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? printed : throw new InvalidOperationException($"'{string.Join(' ', arguments)}' failed with exit code {process.ExitCode}.");
    }
}
