using System.Diagnostics;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Kernel.Session;

namespace QuantNotebooks.Kernel.Tests.Scripting;

/// <summary>Cells that declare nothing leave nothing loaded, and are in all else as cells are.</summary>
public sealed class PassingCodeTests : IDisposable
{
    private readonly NotebookSession _session = new(NotebookEnvironment.Options(null));
    private readonly RecordingOutput _output = new();

    public void Dispose() => _session.Dispose();

    [Fact]
    public async Task What_they_load_goes_away()
    {
        await Run("int sum = 0; Func<int, int> twice = x => 2 * x; record Pair(int A, int B);");
        string[] cells = ["sum += twice(1);", "new Pair(sum, 1)", "Enumerable.Range(0, sum).Select(x => x + sum).Sum()", "await Task.Delay(0); sum", "throw new Exception(\"x\");", "foreach (var x in new[] { 1 }) Console.Write(x);"];
        for (var round = 0; round < 20; round++)
            foreach (var cell in cells) await Run(cell);
        Assert.Equal(40, Assert.IsType<CellSucceeded>(await Run("sum")).Value);
        // All pieces of a session are named alike, but for what follows the last hyphen; other tests load pieces at the same time.
        var piece = Assert.IsType<string>(Assert.IsType<CellSucceeded>(await Run("typeof(Pair).Assembly.GetName().Name")).Value);
        var ofSession = piece[..(piece.LastIndexOf('-') + 1)];
        var left = int.MaxValue;
        for (var waited = Stopwatch.StartNew(); left > 5 && waited.Elapsed < TimeSpan.FromSeconds(60);)
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
            GC.Collect();
            GC.WaitForPendingFinalizers();
            left = AppDomain.CurrentDomain.GetAssemblies().Count(assembly => assembly.IsCollectible && assembly.GetName().Name!.StartsWith(ofSession, StringComparison.Ordinal));
        }
        Assert.InRange(left, 0, 5); // of 122
    }

    [Fact]
    public async Task What_they_made_can_be_used_for_as_long_as_anybody_has_it()
    {
        await Run("Func<string> later = null; object made = null;");
        // It reads a variable of a cell before, and is first compiled for the machine when nothing but the variable holds it.
        await Run("later = () => new System.Numerics.BigInteger(7).ToString() + made + System.Xml.Linq.XName.Get(\"x\");");
        await Run("made = new { A = 1 };");
        for (var count = 0; count < 3; count++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Assert.Equal("7{ A = 1 }x", Assert.IsType<CellSucceeded>(await Run("later()")).Value);
    }

    private Task<CellResult> Run(string code) => _session.RunAsync(code, _output, TestContext.Current.CancellationToken);
}
