using System.Diagnostics;
using QuantNotebooks.Kernel.Session;
using QuantNotebooks.Kernel.Tests.CommandLine;
using QuantNotebooks.Kernel.Tests.Scripting;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Faults;

/// <summary>A session of many cells with sweeps: memory stays where it is, but for what the compiler keeps of each cell's code.</summary>
/// <remarks>QUANTNB_LONG_RUN=50 runs two thousand cells.</remarks>
[Collection(nameof(RunCommandTests))]
public sealed class SoakTests
{
    /// <summary>A compiled cell stays loaded as long as its session, for its variables and types may be used; so do its symbols in the compiler.</summary>
    private const long MostBytesForACell = 100_000;

    [Fact]
    public async Task MemoryStaysFlat()
    {
        var token = TestContext.Current.CancellationToken;
        using var session = new NotebookSession(NotebookEnvironment.Options(null));
        await Run($"var net = Network.Load(\"{Cli.Model(Cli.ResNet)}\"); var images = ImageSet.Load(\"{Cli.Calibration}\").Take(16);");
        var cells = LongRun.Cases(40);
        var (start, managed) = (0L, 0L);
        for (var cell = 0; cell < cells; cell++)
        {
            await Run(cell % 2 == 0 ? "#!quant-shift net --images images --as shift" : "var s = shift.Layers.Sum(layer => layer.Before.RootQnsr); s");
            // What is made once is there after a quarter.
            if (cell == cells / 4) (start, managed) = (Resident(), Managed());
        }
        var (grown, grownManaged) = (Resident() - start, Managed() - managed);
        var counted = cells - cells / 4;
        Figures.Add($"soak: {cells} cells; from cell {cells / 4} on resident memory grew by {grown / 1048576.0:F1} MiB, managed by {grownManaged / 1048576.0:F1} MiB, {grownManaged / counted} bytes a cell");
        Assert.InRange(grownManaged / counted, long.MinValue, MostBytesForACell);

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
