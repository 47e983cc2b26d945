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
    [InlineData("absorb-bias")]
    [InlineData("remove-dead")]
    [InlineData("prune")]
    [InlineData("correct")]
    [InlineData("evaluate")]
    [InlineData("compare")]
    [InlineData("plot")]
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
        Assert.Contains("By structure the same function", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RemovingDeadChannelsSaysWhichAndThatOutputsStay()
    {
        using var folder = new TemporaryFolder();
        var written = Path.Combine(folder.Path, "alive.onnx");
        var (exitCode, output, error) = await Cli.InvokeAsync(
            "remove-dead", Cli.Model(Cli.MobileNetV1), "--images", Cli.Calibration, "--count", "4", "--out", written);
        Assert.Equal(0, exitCode);
        Assert.StartsWith("mobilenet-v1-fashion, without the weights of its dead channels", output, StringComparison.Ordinal);
        Assert.Contains("The outputs are the same bit for bit on calibration: 4 of ", output, StringComparison.Ordinal);
        Assert.Contains("written: ", error, StringComparison.Ordinal);
        Assert.Equal("eliminate-dead-channels", Networks.Network.Load(written).History[^1].Operation);
        var json = await Cli.JsonAsync("remove-dead", Cli.Model(Cli.MobileNetV1));
        Assert.Equal(1, json.GetProperty("channels").GetArrayLength());
        Assert.Contains("has no dead channels", (await Cli.InvokeAsync("remove-dead", Cli.Model(Cli.ResNet))).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AbsorbingSaysWhichLayersWereLeftAloneAndWhy()
    {
        var (exitCode, output, _) = await Cli.InvokeAsync("absorb-bias", Cli.Model(Cli.MobileNetV2), "--sigmas", "0");
        Assert.Equal(0, exitCode);
        Assert.Contains("not ReLU", output, StringComparison.Ordinal);
        var json = await Cli.JsonAsync("absorb-bias", Cli.Model(Cli.ResNet), "--images", Cli.Calibration, "--count", "4", "--sigmas", "0");
        Assert.Contains(json.GetProperty("layers").EnumerateArray(), layer => layer.GetProperty("skipped").GetString()?.Contains("pads with zeros", StringComparison.Ordinal) == true);
        Assert.Equal(2, (await Cli.InvokeAsync("absorb-bias", Cli.Model(Cli.ResNet), "--sigmas", "-1")).ExitCode);
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
        foreach (var label in new[] { "full precision", "quantized", "top-1 ", "95 % interval", "top-5 ", "mean cosine", "agreement", "SQNR of the output" }) Assert.Contains(label, evaluate.Output, StringComparison.Ordinal);
        var compare = await Cli.InvokeAsync(["compare", Cli.Model(Cli.ResNet), Cli.Model(Cli.ResNet), .. images]);
        // Two of the same name are told apart by their paths.
        Assert.Equal(2, compare.Output.Split('\n').Count(line => line.StartsWith(Cli.Model(Cli.ResNet) + "  W8A8", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task CompareTakesSeveralSchemes()
    {
        string[] words =
        [
            "compare", Cli.Model(Cli.ResNet), "--images", Cli.Test, "--count", "32", "--calibration", Cli.Calibration, "--calibration-count", "32", "--schemes",
        ];
        var compare = await Cli.InvokeAsync([.. words, "float,8/8,3/5:per-channel:percentile:99.9,weights-only-8"]);
        var schemes = compare.Output.Split('\n').Where(line => line.StartsWith("resnet14-fashion  ", StringComparison.Ordinal)).Select(line => line[18..].TrimStart()).ToArray();
        Assert.Equal(4, schemes.Length);
        Assert.StartsWith("float ", schemes[0], StringComparison.Ordinal);
        Assert.StartsWith("W8A8 per tensor ", schemes[1], StringComparison.Ordinal);
        Assert.StartsWith("W3A5 per channel, percentile:99.9", schemes[2], StringComparison.Ordinal);
        foreach (var (wrong, message) in new[]
        {
            ("8/8,9/x", "--schemes '9/x' is neither a preset"), ("8/8:fine", "--schemes '8/8:fine': 'fine' is neither 'per-channel' nor an estimator"), (",", "--schemes ',' names no scheme."),
        })
        {
            var refused = await Cli.InvokeAsync([.. words, wrong]);
            Assert.Equal(2, refused.ExitCode);
            Assert.Contains(message, refused.Error, StringComparison.Ordinal);
        }
        var both = await Cli.InvokeAsync([.. words, "8/8", "--weight-bits", "4"]);
        Assert.Contains("--schemes says all of each scheme, so it can't be given together with --weight-bits.", both.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BrokenImagesStopTheRunOrAreSkippedByName()
    {
        var folder = Directory.CreateTempSubdirectory("quantnb-").FullName;
        try
        {
            foreach (var name in new[] { "0000.png", "0001.png" }) File.Copy(QuantNotebooks.Tests.Repository.PathOf("data", "text-direction", "calibration", name), Path.Combine(folder, name));
            File.WriteAllBytes(Path.Combine(folder, "0002.png"), [1, 2, 3]);
            string[] words = ["evaluate", Cli.Model("ppocr-text-direction"), "--images", folder, "--float"];
            var stopped = await Cli.InvokeAsync(words);
            Assert.Equal(1, stopped.ExitCode);
            Assert.Contains("0002.png is not an image", stopped.Error, StringComparison.Ordinal);
            var skipped = await Cli.InvokeAsync([.. words, "--skip-broken"]);
            Assert.Equal(0, skipped.ExitCode);
            Assert.Contains("(1 broken skipped)", skipped.Output, StringComparison.Ordinal);
            Assert.Contains("Skipped because they can't be decoded: 0002.png.", skipped.Output, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
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
    public async Task AnInterruptedCommandStopsAndShowsWhatIsDone()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var folder = new TemporaryFolder();
        var output = new StringWriter();
        var error = new StopAtProgress(stop) { NewLine = "\n" };
        string[] words = ["correct", Cli.Model(Cli.MobileNetV2), "--images", Cli.Calibration, "--count", "64", "--out", folder.File("x.onnx")];
        Assert.Equal(130, await QuantnbCommand.InvokeAsync(words, output, error, stop.Token));
        // The layers that it is done with are shown, and no file holds half a correction.
        Assert.Matches(@"Stopped early: \d+ of \d+ layers are done; the others are as they were\.", output.ToString());
        Assert.EndsWith($"not written, for it was stopped: {folder.File("x.onnx")}\n", error.ToString(), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Theory]
    [InlineData("recommend", "--images {calibration} --count 64 --held-out 64 --weight-bits 4 --out {out}", "Stopped early: correct was not tried.", "\"stopped\": true")]
    [InlineData("report", "--images {calibration} --count 64 --held-out 64 --weight-bits 4 --html {out}", "Stopped early: this is what was measured until then.", "\"stopped\":true")]
    [InlineData("prune", "--images {test} --count 640 --sparsity 0.3,0.6", "Stopped early: these are the first of 640 images.", "\"stoppedBefore\": 640")]
    public async Task AnInterruptedCommandShowsAndWritesWhatIsDone(string command, string options, string text, string json)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var folder = new TemporaryFolder();
        var (output, file) = (new StringWriter(), folder.File("x.json"));
        var words = options.Replace("{calibration}", Cli.Calibration, StringComparison.Ordinal).Replace("{test}", Cli.Test, StringComparison.Ordinal).Replace("{out}", folder.File("out"), StringComparison.Ordinal);
        var error = new StopAtProgress(stop, command) { NewLine = "\n" };
        Assert.Equal(130, await QuantnbCommand.InvokeAsync([command, Cli.Model(Cli.ResNet), .. words.Split(' '), "--json", file], output, error, stop.Token));
        Assert.Contains(text, output.ToString(), StringComparison.Ordinal);
        Assert.Contains(json, await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        // A network that was not finished is not written; a page is, and says so.
        Assert.Equal(command == "report", File.Exists(folder.File("out")));
        Assert.Equal(command == "recommend", error.ToString().Contains("not written, for it was stopped", StringComparison.Ordinal));
    }

    /// <summary>Interrupts when something is done: the first quarter of the work, or the first pass of a plan over images.</summary>
    private sealed class StopAtProgress(CancellationTokenSource stop, string command = "correct") : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value?.StartsWith(command + ": ", StringComparison.Ordinal) != true || value.StartsWith(command + ": 0/", StringComparison.Ordinal)) return;
            if (command is "correct" or "prune" || value.Contains(", weighing ", StringComparison.Ordinal)) stop.Cancel();
        }
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
