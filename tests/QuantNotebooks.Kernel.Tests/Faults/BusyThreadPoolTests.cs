using System.Diagnostics;
using QuantNotebooks.Kernel.Tests.Jupyter;
using QuantNotebooks.Kernel.Tests.Notebooks;

namespace QuantNotebooks.Kernel.Tests.Faults;

/// <summary>Cells that keep every thread of the pool busy, which also completes what sockets and timers wait for, can be stopped as others can.</summary>
public sealed class BusyThreadPoolTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string> Cells =>
    [
        "Parallel.For(0, 10_000, _ => Thread.Sleep(50));",
        "Parallel.For(0, 10, _ => { while (true) { } });",
        "await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => Task.Run(() => { while (true) { } })));",
        "await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => Task.Run(() => { var many = new double[400]; for (;;) Array.Sort(many); })));",
    ];

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task AnInterruptStopsThemWithinASecond(string cell)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "skipped: the signal is Unix's, and the message is tested elsewhere");
        using var kernel = new KernelProcess(folder, "kernel.json");
        using var client = await kernel.StartAsync();
        client.Value("1");
        var id = client.BeginExecute(cell);
        await Task.Delay(1500, TestContext.Current.CancellationToken);
        var clock = Stopwatch.StartNew();
        kernel.Signal("INT");
        Assert.Equal("Interrupted", client.ReplyTo(id).Text("ename"));
        Assert.InRange(clock.ElapsedMilliseconds, 0, 1000);
        Assert.Equal("2", client.Value("1 + 1"));
    }

    [Fact]
    public async Task TheTimeoutOfARunStopsThem()
    {
        var notebook = folder.Write("n.ipynb", TestNotebook.Json(Cells.ToArray()[2].Data));
        var clock = Stopwatch.StartNew();
        var run = await ToolProcess.RunAsync("run", notebook, "--out", folder.Path, "--timeout", "2");
        Assert.InRange(clock.Elapsed.TotalSeconds, 2, 30);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("The cell took longer than 2 s.", run.Error, StringComparison.Ordinal);
    }
}
