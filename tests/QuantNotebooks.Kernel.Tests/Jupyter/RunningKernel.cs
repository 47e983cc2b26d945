using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using QuantNotebooks.Kernel.Jupyter;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Kernel.Session;

namespace QuantNotebooks.Kernel.Tests.Jupyter;

/// <summary>A kernel in this process, on loopback ports of its own.</summary>
public sealed class RunningKernel : IAsyncLifetime
{
    private readonly NotebookSession _engine = new(NotebookEnvironment.Options(null));
    private readonly JupyterKernel _kernel;
    private readonly Task _serving;

    public RunningKernel()
    {
        ConnectionFileText = NewConnectionFile();
        _kernel = new JupyterKernel(ConnectionFile.Parse(ConnectionFileText, "test.json"), _engine);
        _serving = _kernel.RunAsync();
    }

    /// <summary>What a client needs to connect.</summary>
    public string ConnectionFileText { get; }

    /// <summary>Ends when a client has shut the kernel down.</summary>
    public Task Serving => _serving;

    /// <summary>The text of a connection file with a new key and free ports.</summary>
    public static string NewConnectionFile()
    {
        // All at once, so that none is given out twice.
        var listeners = Enumerable.Range(0, 5).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        var ports = listeners.ConvertAll(listener => ((IPEndPoint)listener.LocalEndpoint).Port);
        listeners.ForEach(listener => listener.Dispose());
        return new JsonObject
        {
            ["transport"] = "tcp", ["ip"] = "127.0.0.1", ["key"] = Guid.NewGuid().ToString(), ["signature_scheme"] = "hmac-sha256", ["kernel_name"] = "quantnb",
            ["shell_port"] = ports[0], ["control_port"] = ports[1], ["iopub_port"] = ports[2], ["stdin_port"] = ports[3], ["hb_port"] = ports[4],
        }.ToJsonString();
    }

    internal JupyterClient Connect() => new(ConnectionFileText);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _kernel.Stop();
        await _serving;
        _kernel.Dispose();
        _engine.Dispose();
    }
}
