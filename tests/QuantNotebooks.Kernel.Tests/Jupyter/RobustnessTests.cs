using System.Diagnostics;
using System.Text.Json.Nodes;
using NetMQ;
using NetMQ.Sockets;
using QuantNotebooks.Kernel.CommandLine;
using QuantNotebooks.Kernel.Tests.Notebooks;

namespace QuantNotebooks.Kernel.Tests.Jupyter;

/// <summary>What a cell can do to the process that runs it.</summary>
public sealed class RobustnessTests(RunningKernel kernel) : IClassFixture<RunningKernel>, IDisposable
{
    private readonly JupyterClient client = kernel.Connect();

    public void Dispose() => client.Dispose();

    [Theory]
    [InlineData("int F(int n) => 1 + F(n + 1);\nF(0)")]
    [InlineData("void F() { F(); }\nawait Task.Run(F);")]
    [InlineData("class Loop { public int Value => Value; public override string ToString() { return $\"{this}\"; } }\nnew Loop().Value")]
    [InlineData("class Text { public override string ToString() => $\"{this}\"; }\nnew Text().ToString()")]
    [InlineData("Func<int, int> f = null; f = n => { return f(n) + 1; }; f(0)")]
    [InlineData("async Task G() => await G();\nawait G();")]
    [InlineData("Func<int, int> endless = null; endless = n => 1 + endless(n + 1);\nendless(0)")]
    [InlineData("Func<int, int> ping = null, pong = n => ping(n + 1); ping = n => pong.Invoke(n + 1); ping(0)")]
    [InlineData("delegate int D(D d); D f = d => d(d) + 1; f(f)")]
    [InlineData("int Apply(Func<int, int> g, int n) => g(n);\nFunc<int, int> again = null; again = n => Apply(again, n + 1); again(0)")]
    [InlineData("Func<int, int> sum = null; sum = n => new[] { n }.Select(m => sum(m + 1)).Sum(); sum(0)")]
    [InlineData("Func<Task<int>> wait = null; wait = async () => 1 + await wait(); await wait()")]
    [InlineData("class Node { public Node Next = new(); }\nnew Node()")]
    [InlineData("record Pair(int X) { public Pair Other { get; init; } = new Pair(X + 1); }\nnew Pair(0)")]
    public void ARecursionWithoutEndIsAnError(string code)
    {
        var (reply, outputs) = client.Execute(code);
        Assert.Equal(("error", "System.InsufficientExecutionStackException"), (reply.Text("status"), reply.Text("ename")));
        Assert.InRange(outputs.Single(output => output.Type == "error").Content["traceback"]!.AsArray().Count, 2, 40);
        Assert.Equal("2", client.Value("1 + 1"));
    }

    [Fact]
    public void ARecursionOverSeveralCellsIsAnError()
    {
        client.Value("Func<int, int> first = null; Func<int, int> second = n => first(n + 1); int Call(Func<int, int> f, int n) => f(n);");
        client.Value("first = n => Call(second, n + 1);");
        var (reply, outputs) = client.Execute("second(0)");
        Assert.Equal(("error", "System.InsufficientExecutionStackException"), (reply.Text("status"), reply.Text("ename")));
        Assert.Contains("cell", outputs.Single(output => output.Type == "error").Content["traceback"]![1]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("2", client.Value("1 + 1"));
    }

    [Fact]
    public void RecursionWithAnEndHasRoom() => Assert.Equal("50000", client.Value("int Depth(int n) => n == 0 ? 0 : 1 + Depth(n - 1);\nDepth(50_000)"));

    [Fact]
    public void WhatAThreadThrowsIsShownAndEndsNothing()
    {
        var id = client.BeginExecute("var thread = new Thread(() => throw new Exception(\"thrown in a thread\")); thread.Start(); thread.Join();");
        Assert.Contains("thrown in a thread", client.Await(id, "stream").Text("text"), StringComparison.Ordinal);
        Assert.Equal("2", client.Value("1 + 1"));
    }

    [Fact]
    public void FinalizersMayPrintAndThrow()
    {
        client.Value("""
            class Loud { ~Loud() { Console.WriteLine("printed by a finalizer"); throw new Exception("thrown by a finalizer"); } }
            void Make() { for (var i = 0; i < 10; i++) new Loud(); }
            """);
        // In one cell: the collector may come by itself at any time, and what it prints belongs to the cell that runs then.
        var id = client.BeginExecute("Make(); GC.Collect(); GC.WaitForPendingFinalizers();");
        var text = string.Concat(client.OutputsOf(id).Where(output => output.Type == "stream").Select(output => output.Text("text")));
        Assert.Contains("printed by a finalizer", text, StringComparison.Ordinal);
        Assert.Contains("thrown by a finalizer", text, StringComparison.Ordinal);
        Assert.Equal("2", client.Value("1 + 1"));
    }

    [Fact]
    public void ThreadsThatOutliveTheirCellGoOnAndHoldNothing()
    {
        client.Value("var ticks = 0; for (var i = 0; i < 20; i++) new Thread(() => { while (true) { Interlocked.Increment(ref ticks); Thread.Sleep(20); } }) { IsBackground = i % 2 == 0 }.Start();");
        Assert.Equal("True", client.Value("var before = ticks; Thread.Sleep(500); ticks > before"));
    }

    [Fact]
    public async Task AClientThatHangsDoesNotEatTheMemory()
    {
        await using var other = new RunningKernel(); // without clients that take all and keep it
        using var hanging = new SubscriberSocket();
        hanging.Options.ReceiveHighWatermark = 1;
        hanging.Connect($"tcp://127.0.0.1:{JsonNode.Parse(other.ConnectionFileText)!["iopub_port"]}");
        hanging.SubscribeToAnyTopic();
        Thread.Sleep(300);
        using var quick = new JupyterClient(other.ConnectionFileText, awaitsOutputs: false);
        quick.IoPub.Unsubscribe("");
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var part = 0; part < 4; part++)
            Assert.Equal("ok", quick.ReplyTo(quick.BeginExecute("var line = new string('x', 9_999); for (var i = 0; i < 12_000; i++) Console.WriteLine(line);")).Text("status"));
        // 480 MB were written.
        Assert.InRange((GC.GetTotalMemory(forceFullCollection: true) - before) >> 20, -1000, 300);
    }

    [Fact]
    public async Task AnExitThatCannotBePreventedIsExplained()
    {
        var connection = JupyterClient.NewConnectionFile();
        using var folder = new TemporaryFolder();
        using var process = Start("jupyter", "kernel", folder.Write("connection.json", connection));
        using var other = new JupyterClient(connection);
        var id = other.BeginExecute("typeof(Environment).GetMethod(\"Exit\").Invoke(null, [3]);");
        Assert.Contains("has called Environment.Exit", other.Await(id, "stream").Text("text"), StringComparison.Ordinal);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Equal(3, process.ExitCode);
    }

    [Fact]
    public async Task ARealOverflowOfTheStackIsNamedByTheProcessThatItEnds()
    {
        using var folder = new TemporaryFolder();
        var notebook = folder.Write("x.ipynb", TestNotebook.Json("record Ring { public Ring Next { get; set; } }\nvar ring = new Ring(); ring.Next = ring;", "ring.GetHashCode()"));
        using var process = Start("run", notebook, "--out", folder.File("o"));
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Contains("[2/2] ring.GetHashCode()", error, StringComparison.Ordinal);
        Assert.Contains("Stack overflow", error, StringComparison.Ordinal);
    }

    private static Process Start(params string[] words)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(ExitCode).Assembly.Location, .. words]) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        return Process.Start(start)!;
    }
}
