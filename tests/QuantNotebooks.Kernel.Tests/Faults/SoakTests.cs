using System.Diagnostics;
using QuantNotebooks.Kernel.Session;
using QuantNotebooks.Kernel.Tests.CommandLine;
using QuantNotebooks.Kernel.Tests.Scripting;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Faults;

/// <summary>A session of many cells: sweeps leave nothing behind, and code what it declares.</summary>
/// <remarks>QUANTNB_LONG_RUN=100 runs two thousand cells of each kind.</remarks>
[Collection(nameof(RunCommandTests))]
public sealed class SoakTests
{
    private const long Caches = 4 << 20;

    [Theory]
    [InlineData("#!quant-shift net --images images --as shift", 20_000)]
    // Code that declares nothing is let go of, by the compiler and by the runtime.
    [InlineData("Console.WriteLine(shift.Layers.Sum(layer => layer.Before.RootQnsr))", 5_000)]
    // A compiled cell that declares something stays loaded as long as its session, for its variables and types may be used; so do its symbols in the compiler.
    [InlineData("var s = shift.Layers.Sum(layer => layer.Before.RootQnsr); s", 150_000)]
    public async Task MemoryStaysFlat(string code, long mostBytesForACell)
    {
        var token = TestContext.Current.CancellationToken;
        using var session = new NotebookSession(NotebookEnvironment.Options(null));
        await Run($"var net = Network.Load(\"{Cli.Model(Cli.ResNet)}\"); var images = ImageSet.Load(\"{Cli.Calibration}\").Take(16);");
        await Run("#!quant-shift net --images images --as shift");
        var cells = LongRun.Cases(20);
        var (start, managed) = (0L, 0L);
        for (var cell = 0; cell < cells; cell++)
        {
            await Run(code);
            // What is made once is there after a quarter.
            if (cell == cells / 4) (start, managed) = (Resident(), Managed());
        }
        var (grown, grownManaged) = (Resident() - start, Managed() - managed);
        var counted = cells - cells / 4;
        Figures.Add($"soak, {code}: {cells} cells; from cell {cells / 4} on resident memory grew by {grown / 1048576.0:F1} MiB, managed by {grownManaged / 1048576.0:F1} MiB, {grownManaged / counted} bytes a cell");
        // Few cells say nothing of a cell: what a cache happens to hold counts too.
        Assert.InRange(grownManaged, long.MinValue, mostBytesForACell * counted + Caches);

        async Task Run(string code)
        {
            var error = (await session.RunAsync(code, new RecordingOutput(), token)).Error;
            Assert.True(error is null, error?.Message);
        }

        static long Managed() => GC.GetTotalMemory(forceFullCollection: true);

        static long Resident()
        {
            Managed();
            using var process = Process.GetCurrentProcess();
            return process.WorkingSet64;
        }
    }
}
