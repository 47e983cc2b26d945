using QuantNotebooks.Export;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Kernel.Session;
using QuantNotebooks.Kernel.Tests.CommandLine;
using QuantNotebooks.Kernel.Tests.Scripting;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Hosting;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Kernel.Tests.Magics;

public sealed class MagicTests : IDisposable
{
    private readonly NotebookSession session = new(NotebookEnvironment.Options(null));
    private readonly RecordingOutput output = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string Model => Cli.Model(Cli.ResNet);

    public void Dispose() => session.Dispose();

    [Fact]
    public async Task ALoadedNetworkIsATypedVariableOfTheNextCell()
    {
        await Succeed($"#!quant-load {Model} --as net");
        Assert.Contains("ResNet", output.Displays[^1].Bundle["text/plain"]!, StringComparison.OrdinalIgnoreCase);
        var expected = Network.Load(Model);
        Assert.Equal(expected.Layers.Length, await Value("net.Layers.Length"));
    }

    [Fact]
    public async Task ACommandReadsVariablesAndItsBarBecomesTheResult()
    {
        await Succeed($"""
            Network net = Network.Load("{Model}");
            var images = ImageSet.Load("{Cli.Calibration}");
            #!quant-shift net --images images --count 8 --as shift
            shift.Layers.Length
            """);
        var byLibrary = Network.Load(Model).MeasureMeanShift(Cli.CalibrationImages(8), QuantNotebooks.Quantization.QuantizationScheme.Int8PerTensor, cancellation: Token);
        var shift = Assert.IsType<MeanShiftReport>(await Value("shift"));
        Assert.Equal(byLibrary.ToJson(), shift.ToJson());
        var bar = Assert.Single(output.Displays);
        Assert.Contains("<progress", bar.Bundle["text/html"]!, StringComparison.Ordinal);
        Assert.All(output.Updates, update => Assert.Equal(bar.Id, update.Id));
        Assert.Contains("quant-result", output.Updates[^1].Bundle["text/html"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AResultThatHoldsANetworkIsTakenForIt()
    {
        await Succeed($"#!quant-correct {Model} --images {Cli.Calibration} --count 8 --as corrected\n#!quant-load corrected --as again");
        Assert.Equal(true, await Value("object.ReferenceEquals(corrected.Network, again)"));
    }

    [Fact]
    public async Task AVariableThatGetsAnotherResultLetsGoOfTheOneBefore()
    {
        await Succeed($"#!quant-load {Model} --as net");
        await Succeed("Network Seen() => net; var first = new WeakReference(net);");
        await Succeed($"#!quant-load {Model} --as net");
        Assert.Equal(false, await Value("GC.Collect(); GC.WaitForPendingFinalizers(); GC.Collect();\nfirst.IsAlive"));
        Assert.Equal(true, await Value("object.ReferenceEquals(Seen(), net)"));
        // Of another type it is another variable, and what read the first still does.
        await Succeed($"#!quant-shift net --images {Cli.Calibration} --count 8 --as net");
        Assert.Equal(true, await Value("net is MeanShiftReport && Seen() is Network"));
    }

    [Fact]
    public async Task AVariableOfTheWrongTypeIsNamed()
    {
        await Succeed($"var images = ImageSet.Load(\"{Cli.Calibration}\"); var number = 5;");
        Assert.Equal("the variable 'images' is of type ImageSet; wanted is a network, or a result that holds one.", await Fail($"#!quant-shift images --images {Cli.Calibration}"));
        Assert.Equal("the variable 'number' is of type Int32; wanted is the images of --images.", await Fail($"#!quant-shift {Model} --images number"));
    }

    [Fact]
    public async Task AMissingFileIsTheMagicsOwnError()
    {
        var result = Assert.IsType<MagicFailed>(await session.RunAsync("var x = 1;\n#!quant-load none.onnx", output, Token));
        Assert.Equal("#!quant-load", result.Error.Name);
        Assert.Contains("none.onnx", result.Message, StringComparison.Ordinal);
        Assert.Equal("   at cell 1, line 2: #!quant-load none.onnx", result.Error.Traceback[^1]);
    }

    [Fact]
    public async Task NothingRunsWhereAMagicMakesNoSense()
    {
        Assert.IsType<MagicFailed>(await session.RunAsync("Console.Write(\"ran\");\n#!whoo", output, Token));
        Assert.Equal("", output.AllText);
    }

    [Fact]
    public async Task AnInterruptStopsASweepAndKeepsWhatWasThere()
    {
        using var interrupt = new CancellationTokenSource();
        await Succeed($"#!quant-load {Model} --as net");
        var running = session.RunAsync($"#!quant-shift net --images {Cli.Test} --as shift", output, interrupt.Token);
        while (output.Displays.Count < 2) await Task.Delay(5, Token);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await interrupt.CancelAsync();
        Assert.IsType<CellInterrupted>(await running);
        Assert.InRange(clock.ElapsedMilliseconds, 0, 2000);
        Assert.Contains("stopped", output.Updates[^1].Bundle["text/plain"]!, StringComparison.Ordinal);
        Assert.Equal(true, await Value("net is not null"));
    }

    [Fact]
    public async Task TheSessionTellsItsVariablesAndForgetsThem()
    {
        await Succeed("var b = new List<int?> { 1 }; var a = (1, \"x\"); int[,] c = null;");
        await Succeed("#!who");
        Assert.Equal("a  b  c", output.Text(OutputStream.Out).Trim());
        await Succeed("#!whos");
        var table = output.Displays[^1].Bundle["text/plain"]!;
        Assert.Contains("(int, string)  (1, x)", table, StringComparison.Ordinal);
        Assert.Contains("List<int?>", table, StringComparison.Ordinal);
        Assert.Contains("int[,]", table, StringComparison.Ordinal);
        await Succeed("#!reset");
        Assert.IsType<CellDidNotCompile>(await session.RunAsync("a", output, Token));
    }

    [Fact]
    public async Task TextIsShownAsWhatItIs()
    {
        await Succeed("#!html\n<b>bold</b>\n#!markdown\n*text*\n\nmore\n#!javascript\n1 + 1;");
        Assert.Equal(["<b>bold</b>", "*text*\n\nmore", "1 + 1;"], output.Displays.Select(display => display.Bundle.Parts[0].Content));
        Assert.Equal(["text/html", "text/markdown", "application/javascript"], output.Displays.Select(display => display.Bundle.Parts[0].MimeType));
    }

    [Fact]
    public async Task TimeIsToldWhenTheCellHasEnded()
    {
        await Succeed("#!time\nThread.Sleep(50);\nConsole.WriteLine(\"done\");");
        Assert.Matches("^done\ntime: [0-9.]+ m?s\n$", output.AllText.ReplaceLineEndings("\n"));
        await session.RunAsync("#!time\nthrow new Exception();", output, Token);
        Assert.Equal(2, output.AllText.Split("time: ").Length - 1);
    }

    [Fact]
    public async Task ValuesBeforeAMagicAreShown()
    {
        var result = await Succeed("1\n#!csharp\n2");
        Assert.Equal("1", Assert.Single(output.Displays).Bundle["text/plain"]);
        Assert.Equal(2, result.Value);
    }

    [Fact]
    public async Task HelpListsEveryMagicAndExplainsOne()
    {
        await Succeed("#!help");
        Assert.All(QuantNotebooks.Kernel.Magics.MagicSet.All, magic => Assert.Contains("#!" + magic.Name, output.Displays[^1].Bundle["text/plain"]!, StringComparison.Ordinal));
        await Succeed("#!help shift");
        Assert.Contains("--weight-bits 2..16|float", output.Displays[^1].Bundle["text/plain"]!, StringComparison.Ordinal);
        Assert.Contains("--as NAME", output.Displays[^1].Bundle["text/plain"]!, StringComparison.Ordinal);
    }

    private async Task<CellSucceeded> Succeed(string cell)
    {
        var result = await session.RunAsync(cell, output, Token);
        Assert.True(result is CellSucceeded, result.Error is { } error ? string.Join('\n', error.Traceback) : "");
        return (CellSucceeded)result;
    }

    private async Task<string> Fail(string cell) => Assert.IsType<MagicFailed>(await session.RunAsync(cell, output, Token)).Message;

    private async Task<object?> Value(string cell) => (await Succeed(cell)).Value;
}
