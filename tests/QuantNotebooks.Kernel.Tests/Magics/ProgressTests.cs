using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Google.Protobuf;
using QuantNotebooks.Core.Tests;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Kernel.Session;
using QuantNotebooks.Kernel.Tests.CommandLine;
using QuantNotebooks.Kernel.Tests.Scripting;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Kernel.Tests.Magics;

/// <summary>Every long magic shows one bar, which says how many images, how long, and which layer, and becomes the result.</summary>
public sealed class ProgressTests : IDisposable
{
    /// <summary>What is under way where a network runs as a whole, so that there is no layer to name.</summary>
    private const string Whole = ", all layers at once";

    private static readonly Lazy<HashSet<string>> Layers = new(() =>
        [.. ((string[])[Cli.ResNet, Cli.MobileNetV1]).SelectMany(name => Network.Load(Cli.Model(name)).Layers).Select(layer => layer.Name)]);

    private readonly NotebookSession _session = new(NotebookEnvironment.Options(null));
    private readonly RecordingOutput _output = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("shift net --images test --count 1000", true)]
    [InlineData("sensitivity net --images test --sample 300", true)]
    [InlineData("correct net --images test --count 600", true)]
    [InlineData("correct net --images test --count 200 --method analytic", true)]
    [InlineData("evaluate net --images test --count 2000 --calibration images", true)]
    [InlineData("compare net other --images test --count 1000 --calibration images", true)]
    [InlineData("export net --calibration images --check test --check-count 1000 --out {folder}/x.onnx", true)]
    [InlineData("recommend net --images test --count 200 --held-out 200", true)]
    [InlineData("report net --images test --count 200 --held-out 200 --budget 1s", true)]
    [InlineData("equalize net --images test --count 2000", false)]
    [InlineData("equalize net --images test --count 400 --weight-bits 4", true)]
    [InlineData("prune net --images test --count 1000 --sparsity 0.3,0.6", false)]
    [InlineData("absorb-bias {biased} --images test --count 2000", false)]
    [InlineData("remove-dead {dead} --images test --count 2000", false)]
    public async Task OneBarBecomesTheResult(string command, bool namesLayers)
    {
        await Succeed($"""
            Network net = Network.Load("{Cli.Model(Cli.ResNet)}"), other = Network.Load("{Cli.Model(Cli.MobileNetV1)}");
            ImageSet test = ImageSet.Load("{Cli.Test}"), images = ImageSet.Load("{Cli.Calibration}").Take(64);
            """);
        await Succeed("#!quant-" + command.Replace("{folder}", _folder.Path, StringComparison.Ordinal)
            .Replace("{dead}", Cli.Model(Cli.MobileNetV1), StringComparison.Ordinal).Replace("{biased}", HighBias(), StringComparison.Ordinal));
        var (id, first) = Assert.Single(_output.Displays);
        Assert.All(_output.Updates, update => Assert.Equal(id, update.Id));
        Assert.Contains("quant-result", _output.Updates[^1].Bundle["text/html"]!, StringComparison.Ordinal);
        var bars = _output.Updates.Select(update => update.Bundle).Prepend(first).Where(bundle => bundle["text/html"]!.Contains("<progress", StringComparison.Ordinal)).Select(bundle => bundle["text/plain"]!).ToArray();
        Assert.All(bars, bar => Assert.Matches(@"^[a-z-]+: ([\d,]+ of [\d,]+ images|layer [\d,]+ of [\d,]+ on [\d,]+ images), \S", bar));
        if (namesLayers) Assert.Contains(bars, bar => Layers.Value.Any(layer => Regex.IsMatch(bar, $"[ :]{Regex.Escape(layer)}(,|$)")));
        else Assert.Contains(bars, bar => bar.Contains(Whole, StringComparison.Ordinal));
        if (bars.Where(bar => bar.Contains("calibration", StringComparison.Ordinal)).ToArray() is { Length: > 0 } calibration)
            Assert.Contains(calibration, bar => Layers.Value.Any(layer => bar.Contains($"calibration: {layer}", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task ATrainingSaysItsStepsAndWhatTheLastEpochGave()
    {
        await Succeed($"#!quant-correct {Cli.Model(Cli.ResNet)} --images {Cli.Calibration} --count 256 --method fine-tune --epochs 2");
        Assert.Contains(_output.Updates, update => Regex.IsMatch(update.Bundle["text/plain"]!, @"^correct: \d+ of \d+ steps, epoch \d: held-out loss .*, \d+ s left$"));
    }

    // A network of which there is something to absorb: none of the repository's has it.
    private string HighBias()
    {
        var network = new GraphBuilder().Input("input", 0, 1, 32, 32).RandomConstant("a", 3, 1, 1, 1).Constant("gamma", [3], 1, 1, 1).Constant("beta", [3], 10, 10, 10)
            .Constant("mean", [3], 0, 0, 0).Constant("variance", [3], 1, 1, 1).RandomConstant("b", 2, 3, 1, 1)
            .Node("Conv", ["input", "a"], "t").Node("BatchNormalization", ["t", "gamma", "beta", "mean", "variance"], "n").Node("Relu", ["n"], "u").Node("Conv", ["u", "b"], "y").Output("y");
        File.WriteAllBytes(_folder.File("biased.onnx"), network.Model.ToByteArray());
        var sidecar = JsonNode.Parse(File.ReadAllText(Path.ChangeExtension(Cli.Model(Cli.ResNet), ".task.json")))!;
        sidecar["task"] = new JsonObject { ["kind"] = "none" };
        _folder.Write("biased.task.json", sidecar.ToJsonString());
        return _folder.File("biased.onnx");
    }

    private async Task Succeed(string code)
    {
        var result = await _session.RunAsync(code, _output, TestContext.Current.CancellationToken);
        Assert.True(result is CellSucceeded, $"{result}");
    }
}
