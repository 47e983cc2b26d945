using System.Diagnostics;
using System.Globalization;
using QuantNotebooks.Kernel.CommandLine;

namespace QuantNotebooks.Kernel.Tests.Faults;

/// <summary>What became of a process of the tool.</summary>
/// <param name="ExitCode">Its exit code; on Unix more than 128 where a signal ended it.</param>
/// <param name="Error">What it said on standard error.</param>
/// <param name="Stopping">From the signal to the end; zero where it had ended before.</param>
internal sealed record ToolRun(int ExitCode, string Error, TimeSpan Stopping);

/// <summary>The tool as a process of its own, as a user starts it.</summary>
internal static class ToolProcess
{
    /// <summary>Runs a command line to its end.</summary>
    public static Task<ToolRun> RunAsync(params string[] words) => RunAsync(words, signal: null, TimeSpan.Zero);

    /// <summary>Runs a command line to its end as on a machine with that many processors.</summary>
    public static async Task<ToolRun> RunAsync(string[] words, int processors)
    {
        var start = Start("dotnet", [typeof(ExitCode).Assembly.Location, .. words]);
        start.Environment["DOTNET_PROCESSOR_COUNT"] = processors.ToString(CultureInfo.InvariantCulture);
        using var process = Process.Start(start)!;
        return await EndAsync(process, signal: null, Task.CompletedTask);
    }

    /// <summary>Runs a command line, and sends it a signal (KILL, INT) after a time where one is given.</summary>
    public static async Task<ToolRun> RunAsync(string[] words, string? signal, TimeSpan after)
    {
        using var process = Process.Start(Start("dotnet", [typeof(ExitCode).Assembly.Location, .. words]))!;
        return await EndAsync(process, signal, Task.Delay(after, TestContext.Current.CancellationToken));
    }

    /// <summary>Runs a command line, and sends it a signal (KILL, INT) as soon as something holds.</summary>
    public static async Task<ToolRun> RunAsync(string[] words, string signal, Func<bool> when)
    {
        using var process = Process.Start(Start("dotnet", [typeof(ExitCode).Assembly.Location, .. words]))!;
        return await EndAsync(process, signal, WaitAsync());

        async Task WaitAsync()
        {
            while (!process.HasExited && !when()) await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Runs a command line, and sends it a signal some time after it has said the first thing on standard error, which is how far it is.</summary>
    public static async Task<ToolRun> RunUntilProgressAsync(string[] words, string signal, TimeSpan after)
    {
        var token = TestContext.Current.CancellationToken;
        using var process = Process.Start(Start("dotnet", [typeof(ExitCode).Assembly.Location, .. words]))!;
        var output = process.StandardOutput.ReadToEndAsync(token);
        var begun = await process.StandardError.ReadLineAsync(token);
        var error = process.StandardError.ReadToEndAsync(token);
        var stopping = await StopAsync(process, signal, Task.Delay(after, token));
        await output;
        return new ToolRun(process.ExitCode, begun + "\n" + await error, stopping);
    }

    /// <summary>Runs a command line with files limited to a number of KiB, as a disk that is full.</summary>
    public static async Task<ToolRun> RunOnFullDiskAsync(int kibibytes, params string[] words)
    {
        // Without the signal a write beyond the limit fails as on a full disk. The runtime's own double mapping of code takes large files too.
        var script = $"trap '' XFSZ; ulimit -f {kibibytes.ToString(CultureInfo.InvariantCulture)}; exec dotnet \"$@\"";
        var start = Start("bash", ["-c", script, "bash", typeof(ExitCode).Assembly.Location, .. words]);
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        using var process = Process.Start(start)!;
        return await EndAsync(process, signal: null, Task.CompletedTask);
    }

    private static ProcessStartInfo Start(string program, IEnumerable<string> words) =>
        new(program, words) { RedirectStandardError = true, RedirectStandardOutput = true, Environment = { ["DOTNET_DbgEnableMiniDump"] = "0", ["DOTNET_TieredPGO"] = "0" } };

    private static async Task<ToolRun> EndAsync(Process process, string? signal, Task moment)
    {
        var token = TestContext.Current.CancellationToken;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(token), process.StandardError.ReadToEndAsync(token));
        var stopping = await StopAsync(process, signal, moment);
        await output;
        return new ToolRun(process.ExitCode, await error, stopping);
    }

    /// <summary>Waits for the end, which a signal, where one is given, brings on at a moment; from then to the end.</summary>
    private static async Task<TimeSpan> StopAsync(Process process, string? signal, Task moment)
    {
        var token = TestContext.Current.CancellationToken;
        var clock = Stopwatch.StartNew();
        if (signal is not null)
        {
            await Task.WhenAny(process.WaitForExitAsync(token), moment);
            clock.Restart();
            if (!process.HasExited)
            {
                using var kill = Process.Start("kill", ["-" + signal, process.Id.ToString(CultureInfo.InvariantCulture)]);
                await kill.WaitForExitAsync(token);
            }
        }
        await process.WaitForExitAsync(token);
        return clock.Elapsed;
    }
}
