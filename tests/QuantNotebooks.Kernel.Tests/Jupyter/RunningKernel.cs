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
        ConnectionFileText = JupyterClient.NewConnectionFile();
        _kernel = new JupyterKernel(ConnectionFile.Parse(ConnectionFileText, "test.json"), _engine);
        _serving = _kernel.RunAsync();
    }

    /// <summary>What a client needs to connect.</summary>
    public string ConnectionFileText { get; }

    /// <summary>Ends when a client has shut the kernel down.</summary>
    public Task Serving => _serving;

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
