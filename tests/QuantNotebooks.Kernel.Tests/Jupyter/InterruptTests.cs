using System.Diagnostics;
using System.Text.Json.Nodes;
using QuantNotebooks.Kernel.Tests.CommandLine;

namespace QuantNotebooks.Kernel.Tests.Jupyter;

public sealed class InterruptTests(RunningKernel kernel) : IClassFixture<RunningKernel>, IDisposable
{
    private readonly JupyterClient client = kernel.Connect();

    public void Dispose() => client.Dispose();

    [Theory]
    [InlineData("while (true) { }")]
    [InlineData("Thread.Sleep(-1);")]
    [InlineData("await Task.Delay(-1);")]
    public void AnInterruptStopsTheCellWithinASecond(string code)
    {
        var id = client.BeginExecute("Console.Write(\"begun\"); " + code);
        client.Await(id, "stream");
        var clock = Stopwatch.StartNew();
        Interrupt();
        var reply = client.ReplyTo(id);
        Assert.InRange(clock.ElapsedMilliseconds, 0, 1000);
        Assert.Equal(("error", "Interrupted"), (reply.Text("status"), reply.Text("ename")));
        Assert.Equal("2", client.Value("1 + 1"));
    }

    [Fact]
    public void AnInterruptBetweenCellsDoesNothing()
    {
        Interrupt();
        Assert.Equal("2", client.Value("1 + 1"));
    }

    [Fact]
    public void AnInterruptAbortsTheCellsThatWait()
    {
        var running = client.BeginExecute("Console.Write(1); while (true) { }");
        var waiting = client.BeginExecute("\"must not run\"");
        client.Await(running, "stream");
        Interrupt();
        Assert.Equal("error", client.ReplyTo(running).Text("status"));
        Assert.Equal("aborted", client.ReplyTo(waiting).Text("status"));
    }

    [Fact]
    public void AnInterruptStopsASweepAndTheNextCellRuns()
    {
        client.Value($"#!quant-load {Cli.Model(Cli.ResNet)} --as net");
        var id = client.BeginExecute($"#!quant-shift net --images {Cli.Test} --as shift");
        // The second state of the bar: the first shows before anything is measured.
        client.Await(id, "display_data");
        client.Await(id, "update_display_data");
        var clock = Stopwatch.StartNew();
        Interrupt();
        var reply = client.ReplyTo(id);
        Assert.InRange(clock.ElapsedMilliseconds, 0, 2000);
        Assert.Equal(("Interrupted", "The cell was interrupted."), (reply.Text("ename"), reply.Text("evalue")));
        Assert.Equal("True", client.Value("net.Layers.Length > 0"));
    }

    private void Interrupt() =>
        Assert.Equal(("interrupt_reply", "ok"), client.ReplyTo(client.Send(client.Control, "interrupt_request", new JsonObject()), client.Control) is var reply
            ? (reply.Type, reply.Text("status")) : default);
}
