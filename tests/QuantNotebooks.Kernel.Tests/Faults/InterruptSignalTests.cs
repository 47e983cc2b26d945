using QuantNotebooks.Kernel.Tests.Jupyter;

namespace QuantNotebooks.Kernel.Tests.Faults;

public sealed class InterruptSignalTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task AnInterruptStopsACellOfAKernelThatAScriptStartedInTheBackground()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "skipped: signals are Unix's");
        using var kernel = new KernelProcess(folder, "kernel.json");
        using var client = await kernel.StartAsync(ignoresInterrupts: true);
        var id = client.BeginExecute("Console.Write(1); while (true) { }");
        client.Await(id, "stream");
        kernel.Signal("INT");
        Assert.Equal("Interrupted", client.ReplyTo(id).Text("ename"));
    }
}
