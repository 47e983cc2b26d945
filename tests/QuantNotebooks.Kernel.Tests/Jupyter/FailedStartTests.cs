using QuantNotebooks.Kernel.Jupyter;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Kernel.Session;

namespace QuantNotebooks.Kernel.Tests.Jupyter;

/// <summary>A session that can't start, which begins before the sockets are open: clients get to know why, and the kernel still shuts down.</summary>
public sealed class FailedStartTests
{
    [Fact]
    public async Task ClientsHearWhyThereIsNoSession()
    {
        const string reason = "QuantNotebooks.Core.dll is not there.";
        using var session = new NotebookSession((Func<ScriptEngineOptions>)(() => throw new FileNotFoundException(reason)));
        await Assert.ThrowsAsync<FileNotFoundException>(session.StartAsync);

        var connection = JupyterClient.NewConnectionFile();
        using var kernel = new JupyterKernel(ConnectionFile.Parse(connection, "test.json"), session);
        var serving = kernel.RunAsync();
        using var client = new JupyterClient(connection);
        var info = client.Request("kernel_info_request", []).Content;
        Assert.Equal(("error", reason), (info.Text("status"), info.Text("evalue")));
        for (var cell = 0; cell < 2; cell++)
        {
            var (reply, outputs) = client.Execute("1 + 1");
            Assert.Equal(("error", reason), (reply.Text("status"), reply.Text("evalue")));
            // Notebooks show what is published, and nothing of the reply.
            Assert.Contains(reason, outputs.Single(output => output.Type == "error").Content["traceback"]!.AsArray()[^1]!.GetValue<string>(), StringComparison.Ordinal);
        }
        Assert.Equal("ok", client.ReplyTo(client.Send(client.Control, "shutdown_request", []), client.Control).Content.Text("status"));
        await serving.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }
}
