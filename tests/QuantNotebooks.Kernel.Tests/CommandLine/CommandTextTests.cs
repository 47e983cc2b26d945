using System.Diagnostics;
using QuantNotebooks.Kernel.CommandLine;
using QuantNotebooks.Notebook.Commands;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Kernel.Tests.CommandLine;

/// <summary>What a person sees: help, tables on standard output, progress and remarks on standard error.</summary>
public sealed class CommandTextTests
{
    [Fact]
    public async Task HelpListsEveryCommand()
    {
        var (exitCode, output, error) = await Cli.InvokeAsync("help");
        Assert.Equal((0, ""), (exitCode, error));
        foreach (var name in CommandSet.All.Select(command => command.Name).Append("run").Append("help"))
            Assert.Contains($"\n  {name} ", output, StringComparison.Ordinal);
        Assert.Equal(output, (await Cli.InvokeAsync("--help")).Output);
    }

    [Theory]
    [InlineData("load")]
    [InlineData("shift")]
    [InlineData("equalize")]
    [InlineData("correct")]
    [InlineData("evaluate")]
    [InlineData("compare")]
    [InlineData("run")]
    public async Task HelpOfACommandHasItsOptionsAndAnExample(string name)
    {
        var (exitCode, output, error) = await Cli.InvokeAsync("help", name);
        Assert.Equal((0, ""), (exitCode, error));
        foreach (var option in CommandSet.Find(name)?.Options ?? []) Assert.Contains("  " + option.Name, output, StringComparison.Ordinal);
        Assert.Contains($"Example:\n  quantnb {name} ", output, StringComparison.Ordinal);
        Assert.Equal(output, (await Cli.InvokeAsync(name, "--help")).Output);
    }

    [Fact]
    public void EveryExampleParses()
    {
        foreach (var command in CommandSet.All)
            Assert.Empty(QuantnbCommand.Create().Parse([command.Name, .. command.Example.Split(' ')]).Errors);
    }

    [Fact]
    public async Task EqualizeSaysWhatWasScaledAndWhatWasNotAndThatOutputsAreTheSame()
    {
        var (exitCode, output, _) = await Cli.InvokeAsync(
            "equalize", Cli.Model(Cli.ResNet), "--images", Cli.Calibration, "--count", "8", "--method", "one-step", "--power-of-two");
        Assert.Equal(0, exitCode);
        Assert.StartsWith("resnet14-fashion, one-step equalization, factors up to 16, powers of two, 8 images of 'calibration'", output, StringComparison.Ordinal);
        Assert.Contains("the network's own input", output, StringComparison.Ordinal);
        Assert.Contains("> logits: an output of the network", output, StringComparison.Ordinal);
        Assert.Contains("the same bit for bit", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ShiftIsATableOfLayers()
    {
        var (exitCode, output, error) = await Cli.InvokeAsync("shift", Cli.Model(Cli.MobileNetV1), "--images", Cli.Calibration, "--count", "32", "--weight-bits", "5");
        Assert.Equal(0, exitCode);
        Assert.StartsWith("mobilenet-v1-fashion, W5A8 per tensor, 32 images of 'calibration'", output, StringComparison.Ordinal);
        var lines = output.Split('\n');
        var header = lines[2];
        var end = header.IndexOf("SQNR dB", StringComparison.Ordinal) + "SQNR dB".Length;
        // Numbers end where their header ends.
        Assert.All(lines[3..31], row => Assert.True(char.IsDigit(row[end - 1]) && row[end] == ' ', row));
        Assert.Contains("rQNSR: root of noise energy / signal energy", output, StringComparison.Ordinal);
        Assert.Contains("next quantnb correct", output, StringComparison.Ordinal);
        // Progress is for standard error alone.
        Assert.Contains("shift: 0/", error, StringComparison.Ordinal);
        Assert.DoesNotContain("shift: 0/", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LoadNamesTheDeadChannel()
    {
        var (exitCode, output, error) = await Cli.InvokeAsync("load", Cli.Model(Cli.MobileNetV1));
        Assert.Equal((0, ""), (exitCode, error));
        Assert.Contains("features.1.0: channel 5 (batch normalization variance", output, StringComparison.Ordinal);
        Assert.Contains("Not analysed: nothing", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EvaluateAndCompareShowAccuracy()
    {
        string[] images = ["--images", Cli.Test, "--count", "32", "--calibration", Cli.Calibration, "--calibration-count", "32"];
        var evaluate = await Cli.InvokeAsync(["evaluate", Cli.Model(Cli.ResNet), .. images]);
        foreach (var label in new[] { "top-1, full precision", "top-1, quantized", "agreement", "SQNR of the output" }) Assert.Contains(label, evaluate.Output, StringComparison.Ordinal);
        var compare = await Cli.InvokeAsync(["compare", Cli.Model(Cli.ResNet), Cli.Model(Cli.ResNet), .. images]);
        // Two of the same name are told apart by their paths.
        Assert.Equal(2, compare.Output.Split('\n').Count(line => line.StartsWith(Cli.Model(Cli.ResNet) + "  W8A8", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CalibratingOnTheTestImagesWarns(bool json)
    {
        var (exitCode, output, error) = await Cli.InvokeAsync(
            ["evaluate", Cli.Model(Cli.ResNet), "--images", Cli.Test, "--count", "16", "--calibration", Cli.Test, "--calibration-count", "8", .. json ? new[] { "--json", "-" } : []]);
        Assert.Equal(0, exitCode);
        Assert.Contains("warning: --calibration and --images are the same set", error, StringComparison.Ordinal);
        Assert.DoesNotContain("warning", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ACountAboveTheSetSaysSo()
    {
        using var folder = new TemporaryFolder();
        var (exitCode, _, error) = await Cli.InvokeAsync("shift", Cli.Model(Cli.ResNet), "--images", folder.WriteIdx("few", count: 4, side: 28), "--count", "3000");
        Assert.Equal(0, exitCode);
        Assert.Contains("--count 3000: 'few' has only 4 images; all are taken.", error, StringComparison.Ordinal);
    }

    [Fact]
    public void ATerminalGetsOneLineThatIsWrittenOver()
    {
        var error = new StringWriter { NewLine = "\n" };
        var line = new ProgressLine(error, terminalWidth: 20);
        line.For("shift").Report(new SweepProgress(1, 3, "a layer with a long name"));
        line.For("shift").Report(new SweepProgress(2, 3, "b"));
        line.Clear();
        line.Clear();
        Assert.Equal("\rshift: 1/3 a layer \rshift: 2/3 b       \r" + new string(' ', 19) + "\r", error.ToString());
    }

    [Fact]
    public void AFileGetsFewLines()
    {
        var error = new StringWriter { NewLine = "\n" };
        var progress = new ProgressLine(error, terminalWidth: null).For("x");
        for (var pass = 0; pass < 2; pass++)
            for (var done = 0; done <= 100; done++) progress.Report(new SweepProgress(done, 100, "y"));
        Assert.Equal(10, error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task AnInterruptedCommandStopsWithinASecond()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var folder = new TemporaryFolder();
        var output = new StringWriter();
        var error = new StringWriter { NewLine = "\n" };
        var running = QuantnbCommand.InvokeAsync(
            ["correct", Cli.Model(Cli.MobileNetV2), "--images", Cli.Calibration, "--out", folder.File("x.onnx")], output, error, stop.Token);
        await Task.Delay(1500, TestContext.Current.CancellationToken);
        Assert.False(running.IsCompleted);
        var watch = Stopwatch.StartNew();
        await stop.CancelAsync();
        Assert.Equal(130, await running);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 2);
        Assert.Equal("", output.ToString());
        Assert.EndsWith("interrupted\n", error.ToString(), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void ADefectIsNamedAndAsksToBeReported()
    {
        var text = UserMistake.Defect(new InvalidOperationException("boo.\nsecond line"));
        Assert.StartsWith("quantnb: unexpected InvalidOperationException: boo. second line", text, StringComparison.Ordinal);
        Assert.EndsWith("please report it.", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', text);
    }
}
