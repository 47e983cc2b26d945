using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using QuantNotebooks.Kernel.Jupyter;
using QuantNotebooks.Kernel.Session;

namespace QuantNotebooks.Kernel.Tests.Browser;

/// <summary>A <c>jupyter notebook</c> server that knows this kernel and none of the user's settings.</summary>
internal sealed class JupyterNotebook : IAsyncDisposable
{
    public const string Token = "test";

    private readonly TemporaryFolder _settings = new();
    private readonly Process _process;

    private JupyterNotebook(string program, string folder)
    {
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            Address = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");
        }
        KernelSpec.Install(Path.Combine(_settings.Path, "kernels"), KernelIdentity.Name);
        var start = new ProcessStartInfo(program,
        [
            "--no-browser", "--allow-root", "--ip=127.0.0.1", $"--port={Address.Port}", "--port-retries=0", $"--NotebookApp.token={Token}", $"--notebook-dir={folder}",
        ]) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var name in (string[])["JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"]) start.Environment[name] = _settings.Path;
        _process = Process.Start(start)!;
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
    }

    /// <summary>Starts a server for a folder and waits until it answers.</summary>
    public static async Task<JupyterNotebook> StartAsync(string folder)
    {
        var server = new JupyterNotebook(Installed.Require("jupyter-notebook"), folder);
        using var http = new HttpClient();
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await http.GetAsync(new Uri(server.Address, "api"), TestContext.Current.CancellationToken);
                return server;
            }
            catch (HttpRequestException) when (clock.Elapsed < TimeSpan.FromSeconds(30) && !server._process.HasExited)
            {
                await Task.Delay(100, TestContext.Current.CancellationToken);
            }
        }
    }

    public Uri Address { get; }

    /// <summary>The command lines of what the server has started and what that has started, as far as it still runs: they all inherit where the settings are.</summary>
    public string[] Started() => [.. LinuxProcesses.Where("environ", _settings.Path).Where(process => process.Id != _process.Id).Select(process => process.Line)];

    /// <summary>The page of a notebook.</summary>
    public string AddressOf(string notebook) => new Uri(Address, $"notebooks/{notebook}?token={Token}").ToString();

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        _settings.Dispose();
    }
}
