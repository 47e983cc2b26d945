using System.Security.Cryptography;
using System.Text.Json;
using QuantNotebooks.Correction;
using QuantNotebooks.Equalization;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Kernel.Tests.CommandLine;

/// <summary>What <c>--json</c> writes, against values that are computed from the library without it.</summary>
public sealed class CommandJsonTests
{
    [Theory]
    [InlineData(Cli.MobileNetV1, new[] { "--weight-bits", "5" })]
    [InlineData(Cli.MobileNetV2, new[] { "--per-channel", "--activation-bits", "float" })]
    [InlineData(Cli.ResNet, new string[0])]
    public async Task ShiftIsTheReport(string name, string[] options)
    {
        var json = await Cli.JsonAsync(["shift", Cli.Model(name), "--images", Cli.Calibration, "--count", "32", .. options]);
        var scheme = name switch
        {
            Cli.MobileNetV1 => QuantizationScheme.Int8PerTensor with { WeightBits = 5 },
            Cli.MobileNetV2 => QuantizationScheme.Int8PerChannel with { ActivationBits = null },
            _ => QuantizationScheme.Int8PerTensor,
        };
        var report = Cli.Load(name).MeasureMeanShift(Cli.CalibrationImages(32), scheme, cancellation: TestContext.Current.CancellationToken);
        AssertHead(json, Cli.Model(name), scheme, Cli.Calibration, 32);
        Assert.Equal(report.Images.Sha256, json.GetProperty("images").GetProperty("sha256").GetString());
        var layers = json.GetProperty("layers").EnumerateArray().ToList();
        Assert.Equal(report.Layers.Length, layers.Count);
        foreach (var (expected, layer) in report.Layers.Zip(layers)) AssertLayer(expected, layer);
        Assert.Equal(report.Network.NotAnalysed, json.GetProperty("notAnalysed").EnumerateArray().Select(item => new NotAnalysed(
            item.GetProperty("node").GetString()!, item.GetProperty("operator").GetString()!, item.GetProperty("reason").GetString()!)));
    }

    [Fact]
    public async Task EqualizeIsTheEqualization()
    {
        var json = await Cli.JsonAsync("equalize", Cli.Model(Cli.ResNet), "--images", Cli.Calibration, "--count", "8", "--method", "two-step");
        var result = Cli.Load(Cli.ResNet).Equalize(EqualizationMethod.TwoStep, Cli.CalibrationImages(8), cancellation: TestContext.Current.CancellationToken);
        Assert.Equal("two-step", json.GetProperty("method").GetString());
        var groups = json.GetProperty("groups").EnumerateArray().ToList();
        Assert.Equal(result.Groups.Length, groups.Count);
        foreach (var (expected, group) in result.Groups.Zip(groups))
        {
            Assert.Equal(expected.Producers, group.GetProperty("producers").EnumerateArray().Select(item => item.GetString()!));
            Assert.Equal(expected.Factors, group.GetProperty("factors").Doubles());
            Assert.Equal(expected.Weights.Before.Select(value => (double)value), group.GetProperty("rangeBefore").Doubles(), (one, other) => Math.Abs(one - other) <= 1e-6 * one);
            Assert.Equal(expected.ActivationBitsGained.Length, group.GetProperty("activationBitsGained").GetArrayLength());
        }
        Assert.Equal(result.Refused, json.GetProperty("refused").EnumerateArray().Select(edge => new RefusedEdge(
            edge.GetProperty("from").GetString()!, edge.GetProperty("to").GetString()!, edge.GetProperty("reason").GetString()!)));
        Assert.InRange(json.GetProperty("certificate").GetProperty("maxRelativeDifference").GetDouble(), 0, 1e-5);
    }

    [Fact]
    public async Task CorrectIsTheCorrection()
    {
        var json = await Cli.JsonAsync("correct", Cli.Model(Cli.MobileNetV1), "--images", Cli.Calibration, "--count", "32", "--held-out", "16", "--method", "iterative");
        var images = ImageSet.Load(Cli.Calibration);
        var result = Cli.Load(Cli.MobileNetV1).CorrectBias(
            images.Take(32), QuantizationScheme.Int8PerTensor, heldOut: images.Skip(32).Take(16), cancellation: TestContext.Current.CancellationToken);
        AssertHead(json, Cli.Model(Cli.MobileNetV1), QuantizationScheme.Int8PerTensor, Cli.Calibration, 32);
        Assert.Equal("iterative", json.GetProperty("method").GetString());
        Assert.Equal(images.Skip(32).Take(16).Sha256, json.GetProperty("heldOut").GetProperty("sha256").GetString());
        var layers = json.GetProperty("layers").EnumerateArray().ToList();
        Assert.Equal(result.Corrections.Length, layers.Count);
        foreach (var (expected, layer) in result.Corrections.Zip(layers))
        {
            Assert.Equal(expected.Name, layer.GetProperty("name").GetString());
            Assert.Equal(expected.Correction.AsEnumerable(), layer.GetProperty("correction").EnumerateArray().Select(item => item.GetSingle()));
            Assert.Equal(Shifts(expected.Before), layer.GetProperty("shiftBefore").Doubles());
            Assert.Equal(Shifts(expected.After), layer.GetProperty("shiftAfter").Doubles());
            Assert.Equal(Shifts(expected.HeldOutBefore!), layer.GetProperty("heldOutBefore").Doubles());
            Assert.Equal(Shifts(expected.HeldOutAfter!), layer.GetProperty("heldOutAfter").Doubles());
            Assert.Equal(JsonValueKind.Null, layer.GetProperty("skipped").ValueKind);
            // What was added took the shift away, but for the rounding of the bias.
            Assert.True(expected.After.ShiftPower < 0.01 * expected.Before.ShiftPower);
        }
    }

    [Fact]
    public async Task WithoutHeldOutImagesTheirShiftIsNull()
    {
        var json = await Cli.JsonAsync("correct", Cli.Model(Cli.ResNet), "--images", Cli.Calibration, "--count", "8");
        Assert.Equal(JsonValueKind.Null, json.GetProperty("heldOut").ValueKind);
        Assert.All(json.GetProperty("layers").EnumerateArray(), layer => Assert.Equal(JsonValueKind.Null, layer.GetProperty("heldOutAfter").ValueKind));
    }

    [Fact]
    public async Task WithoutACountTheLastImagesAreHeldOut()
    {
        using var folder = new TemporaryFolder();
        var set = folder.WriteIdx("few", count: 12, side: 28);
        var json = await Cli.JsonAsync("correct", Cli.Model(Cli.ResNet), "--images", set, "--held-out", "4");
        var images = ImageSet.Load(set);
        Assert.Equal(images.Take(8).Sha256, json.GetProperty("images").GetProperty("sha256").GetString());
        Assert.Equal(images.Skip(8).Sha256, json.GetProperty("heldOut").GetProperty("sha256").GetString());
    }

    [Theory]
    [InlineData(Cli.MobileNetV1)]
    [InlineData(Cli.MobileNetV2)]
    [InlineData(Cli.ResNet)]
    public async Task EvaluateIsTheEvaluation(string name)
    {
        var json = await Cli.JsonAsync(
            "evaluate", Cli.Model(name), "--images", Cli.Test, "--count", "64", "--calibration", Cli.Calibration, "--calibration-count", "32", "--weight-bits", "4");
        var scheme = QuantizationScheme.Int8PerTensor with { WeightBits = 4 };
        var result = Cli.Load(name).Evaluate(Cli.TestImages(64), scheme, Cli.CalibrationImages(32), cancellation: TestContext.Current.CancellationToken);
        AssertHead(json, Cli.Model(name), scheme, Cli.Test, 64);
        Assert.Equal("top1", json.GetProperty("metric").GetString());
        Assert.Equal(result.FloatAccuracy, json.GetProperty("float").GetDouble());
        Assert.Equal(result.QuantizedAccuracy, json.GetProperty("quantized").GetDouble());
        Assert.Equal(result.Agreement, json.GetProperty("agreement").GetDouble());
        Assert.Equal(result.SqnrDecibels, json.GetProperty("sqnrDb").GetDouble());
        Assert.Equal(64, json.GetProperty("count").GetInt32());
        Assert.Equal(Cli.CalibrationImages(32).Sha256, json.GetProperty("calibration").GetProperty("sha256").GetString());
    }

    [Fact]
    public async Task FullPrecisionHasNoScheme()
    {
        var json = await Cli.JsonAsync("evaluate", Cli.Model(Cli.ResNet), "--images", Cli.Test, "--count", "32", "--float");
        Assert.Equal(JsonValueKind.Null, json.GetProperty("scheme").ValueKind);
        Assert.Equal(JsonValueKind.Null, json.GetProperty("quantized").ValueKind);
        Assert.InRange(json.GetProperty("float").GetDouble(), 0.8, 1);
    }

    [Fact]
    public async Task ComparePutsTheEvaluationsInRows()
    {
        var json = await Cli.JsonAsync(
            "compare", Cli.Model(Cli.MobileNetV2), Cli.Model(Cli.ResNet), "--images", Cli.Test, "--count", "32", "--calibration", Cli.Calibration, "--calibration-count", "32");
        var rows = json.GetProperty("rows").EnumerateArray().ToList();
        Assert.Equal([Cli.MobileNetV2, Cli.ResNet], rows.Select(row => row.GetProperty("name").GetString()));
        foreach (var row in rows)
        {
            var result = Cli.Load(row.GetProperty("name").GetString()!).Evaluate(
                Cli.TestImages(32), QuantizationScheme.Int8PerTensor, Cli.CalibrationImages(32), cancellation: TestContext.Current.CancellationToken);
            Assert.Equal(result.QuantizedAccuracy, row.GetProperty("top1").GetDouble());
            Assert.Equal(result.Agreement, row.GetProperty("agreement").GetDouble());
            Assert.Equal(result.SqnrDecibels, row.GetProperty("sqnrDb").GetDouble());
            Assert.Equal(8, row.GetProperty("scheme").GetProperty("weightBits").GetInt32());
        }
    }

    [Theory]
    [InlineData(Cli.MobileNetV1)]
    [InlineData(Cli.MobileNetV2)]
    [InlineData(Cli.ResNet)]
    public async Task LoadDescribesTheNetwork(string name)
    {
        var json = await Cli.JsonAsync("load", Cli.Model(name));
        var network = Cli.Load(name);
        Assert.Equal(Sha256(Cli.Model(name)), json.GetProperty("model").GetProperty("sha256").GetString());
        Assert.Equal(network.Sha256, json.GetProperty("model").GetProperty("networkSha256").GetString());
        Assert.False(json.GetProperty("keepsDeadChannels").GetBoolean());
        var layers = json.GetProperty("layers").EnumerateArray().ToList();
        Assert.Equal(network.Layers.Length, layers.Count);
        foreach (var (layer, element) in network.Layers.Zip(layers))
        {
            Assert.Equal(layer.Name, element.GetProperty("name").GetString());
            Assert.Equal(layer.NodeName, element.GetProperty("node").GetString());
            Assert.Equal(layer.WeightShape.AsEnumerable(), element.GetProperty("weightShape").EnumerateArray().Select(item => item.GetInt64()));
            Assert.Equal(layer.WeightShape.Aggregate((one, other) => one * other) + layer.Bias.Length, element.GetProperty("parameters").GetInt64());
            Assert.Equal(layer.DeadChannels.Select(dead => dead.Channel), element.GetProperty("deadChannels").EnumerateArray().Select(dead => dead.GetProperty("channel").GetInt32()));
        }
    }

    [Fact]
    public async Task KeptDeadChannelsShowInTheRangeRatio()
    {
        var kept = await Cli.JsonAsync("load", Cli.Model(Cli.MobileNetV1), "--keep-dead-channels");
        var silenced = await Cli.JsonAsync("load", Cli.Model(Cli.MobileNetV1));
        Assert.True(kept.GetProperty("keepsDeadChannels").GetBoolean());
        Assert.True(RatioOf(kept) > 2 * RatioOf(silenced));

        static double RatioOf(JsonElement json) => json.GetProperty("layers")[1].GetProperty("weightRangeRatio").GetDouble();
    }

    [Fact]
    public async Task ACorrectedFileGivesWhatTheNetworkInMemoryGives()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("corrected.onnx");
        var (exitCode, _, error) = await Cli.InvokeAsync("correct", Cli.Model(Cli.MobileNetV1), "--images", Cli.Calibration, "--count", "48", "--weight-bits", "5", "--out", file);
        Assert.True(exitCode == 0, error);
        Assert.Contains(file, error, StringComparison.Ordinal);
        Assert.Equal([file], Directory.GetFiles(folder.Path));

        var scheme = QuantizationScheme.Int8PerTensor with { WeightBits = 5 };
        var token = TestContext.Current.CancellationToken;
        var corrected = Cli.Load(Cli.MobileNetV1).CorrectBias(Cli.CalibrationImages(48), scheme, cancellation: token).Network;
        var expected = corrected.Evaluate(Cli.TestImages(64), scheme, cancellation: token);
        var evaluated = await Cli.JsonAsync("evaluate", file, "--images", Cli.Test, "--count", "64", "--weight-bits", "5");
        Assert.Equal(expected.QuantizedAccuracy, evaluated.GetProperty("quantized").GetDouble());
        Assert.Equal(expected.FloatAccuracy, evaluated.GetProperty("float").GetDouble());
        Assert.Equal(expected.SqnrDecibels!.Value, evaluated.GetProperty("sqnrDb").GetDouble(), 1e-9);
        Assert.Equal(48, evaluated.GetProperty("calibration").GetProperty("count").GetInt32());

        var loaded = await Cli.JsonAsync("load", file);
        Assert.Equal(48, loaded.GetProperty("calibration").GetProperty("count").GetInt32());
        Assert.Equal(2, loaded.GetProperty("history").GetArrayLength());
    }

    [Fact]
    public async Task AFileIsWrittenBesideTheText()
    {
        using var folder = new TemporaryFolder();
        string[] arguments = ["shift", Cli.Model(Cli.ResNet), "--images", Cli.Calibration, "--count", "32"];
        var (exitCode, output, _) = await Cli.InvokeAsync([.. arguments, "--json", folder.File("shift.json")]);
        Assert.Equal(0, exitCode);
        Assert.Contains("rQNSR", output, StringComparison.Ordinal);
        Assert.Equal([folder.File("shift.json")], Directory.GetFiles(folder.Path));
        // The same work gives the same document, letter by letter.
        var again = await Cli.InvokeAsync([.. arguments, "--json", "-"]);
        Assert.Equal(again.Output, await File.ReadAllTextAsync(folder.File("shift.json"), TestContext.Current.CancellationToken));
    }

    private static void AssertHead(JsonElement json, string model, QuantizationScheme scheme, string images, int count)
    {
        Assert.Equal(1, json.GetProperty("contract").GetInt32());
        Assert.StartsWith("QuantNotebooks ", json.GetProperty("tool").GetString(), StringComparison.Ordinal);
        Assert.Equal(model, json.GetProperty("model").GetProperty("path").GetString());
        Assert.Equal(Sha256(model), json.GetProperty("model").GetProperty("sha256").GetString());
        Assert.Equal(images, json.GetProperty("images").GetProperty("path").GetString());
        Assert.Equal(count, json.GetProperty("images").GetProperty("count").GetInt32());
        var bits = json.GetProperty("scheme");
        Assert.Equal(scheme.WeightBits, bits.GetProperty("weightBits").GetInt32());
        Assert.Equal(scheme.ActivationBits, bits.GetProperty("activationBits").ValueKind == JsonValueKind.Null ? null : bits.GetProperty("activationBits").GetInt32());
        Assert.Equal(scheme.WeightGranularity == WeightGranularity.PerChannel, bits.GetProperty("perChannel").GetBoolean());
    }

    private static void AssertLayer(LayerShift expected, JsonElement layer)
    {
        Assert.Equal(expected.Name, layer.GetProperty("name").GetString());
        Assert.Equal(expected.Layer.Operator.ToString(), layer.GetProperty("operator").GetString());
        Assert.Equal(expected.Layer.Channels, layer.GetProperty("channels").GetInt32());
        Assert.Equal(Shifts(expected.Before), layer.GetProperty("meanShift").Doubles());
        Assert.Equal(expected.Before.Channels.Select(channel => channel.StandardError), layer.GetProperty("standardError").Doubles());
        Assert.Equal(expected.Before.Channels.Select(channel => channel.Sigma), layer.GetProperty("sigma").Doubles());
        AssertFigures(expected.Before, layer);
        AssertFigures(expected.After, layer.GetProperty("post"));
    }

    // The papers' formulas again, from the channels' moments.
    private static void AssertFigures(ShiftStatistics statistics, JsonElement figures)
    {
        var (signal, noise, shift) = (0.0, 0.0, 0.0);
        foreach (var channel in statistics.Channels)
        {
            signal += channel.Float.Mean * channel.Float.Mean + channel.Float.SquaredDeviations / channel.Float.Count;
            noise += channel.Error.Mean * channel.Error.Mean + channel.Error.SquaredDeviations / channel.Error.Count;
            shift += channel.Error.Mean * channel.Error.Mean;
        }
        Assert.Equal(Math.Sqrt(noise / signal), figures.GetProperty("rqnsr").GetDouble(), 1e-12);
        Assert.Equal(Math.Sqrt(shift / signal), figures.GetProperty("mssr").GetDouble(), 1e-12);
        Assert.Equal(shift / noise, figures.GetProperty("meanShiftShare").GetDouble(), 1e-12);
        Assert.Equal(10 * Math.Log10(signal / noise), figures.GetProperty("sqnrDb").GetDouble(), 1e-9);
    }

    private static double[] Shifts(ShiftStatistics statistics) => [.. statistics.Channels.Select(channel => channel.MeanShift)];

    private static string Sha256(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));
}
