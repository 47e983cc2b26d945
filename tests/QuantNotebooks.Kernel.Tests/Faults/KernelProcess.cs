using System.Diagnostics;
using System.Globalization;
using QuantNotebooks.Kernel.CommandLine;
using QuantNotebooks.Kernel.Tests.Jupyter;

namespace QuantNotebooks.Kernel.Tests.Faults;

/// <summary>A kernel as Jupyter starts it, again and again with one connection file.</summary>
internal sealed class KernelProcess(TemporaryFolder folder, string name) : IDisposable
{
    private readonly string _connection = JupyterClient.NewConnectionFile();
    private Process? _process;

    /// <summary>Files beside the connection file that are about it.</summary>
    public string[] Left() => Directory.GetFiles(folder.Path, $".{name}*");

    /// <param name="awaitsOutputs">Whether the client waits until it hears what is published.</param>
    /// <param name="ignoresInterrupts">Whether a shell starts it that ignores the interrupt signal, as it does for a script's background jobs.</param>
    public async Task<JupyterClient> StartAsync(bool awaitsOutputs = true, bool ignoresInterrupts = false)
    {
        string[] words = ["dotnet", typeof(ExitCode).Assembly.Location, "jupyter", "kernel", folder.Write(name, _connection)];
        if (ignoresInterrupts) words = ["sh", "-c", "trap '' INT; exec \"$0\" \"$@\"", .. words];
        var start = new ProcessStartInfo(words[0], words[1..]) { RedirectStandardError = true };
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        _process = Process.Start(start)!;
        _process.BeginErrorReadLine();
        return await Task.Run(() => new JupyterClient(_connection, awaitsOutputs));
    }

    /// <summary>Sends a signal (INT, TERM, KILL).</summary>
    public void Signal(string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, _process!.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Waits for the end, which a signal brings on where one is given, and until whoever listened to the process has finished too.</summary>
    public async Task EndAsync(string? signal = null)
    {
        var token = TestContext.Current.CancellationToken;
        if (signal is not null) Signal(signal);
        await _process!.WaitForExitAsync(token).WaitAsync(TimeSpan.FromSeconds(60), token); // and for the end of standard error
    }

    public void Dispose()
    {
        _process?.Kill();
        _process?.Dispose();
    }
}
