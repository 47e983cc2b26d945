using System.Collections.Immutable;
using QuantNotebooks.Equalization;
using QuantNotebooks.Networks;
using QuantNotebooks.Pruning;

namespace QuantNotebooks.Kernel.Tests.CommandLine;

/// <summary><c>quantnb prune</c>, and what <c>quantnb equalize</c> says of layers that got worse.</summary>
public sealed class EqualizationCommandTests
{
    [Fact]
    public async Task PruningIsReportedWithAndWithoutFactorizationAndSaved()
    {
        using var folder = new TemporaryFolder();
        var written = folder.File("pruned.onnx");
        var json = await Cli.JsonAsync(
            "prune", Cli.Model(Cli.ResNet), "--images", Cli.Calibration, "--count", "32", "--sparsity", "0.4,0.6", "--scope", "layer", "--out", written);
        var report = Cli.Load(Cli.ResNet).MeasurePruning(
            Cli.CalibrationImages(32), [0.4, 0.6], new() { Scope = PruningScope.Layer }, cancellation: TestContext.Current.CancellationToken);
        var rows = json.GetProperty("rows").EnumerateArray().ToList();
        Assert.Equal([null, null, "cross-layer", "cross-layer"], rows.Select(row => row.GetProperty("factorization").GetString()));
        var points = report.Plain.Concat(report.Factorized).ToList();
        Assert.Equal(points.Select(point => point.Agreement!.Value), rows.Select(row => row.GetProperty("agreement").GetDouble()));
        Assert.Equal(points.Select(point => point.Pruning.Sparsity), rows.Select(row => row.GetProperty("sparsity").GetDouble()));
        Assert.Equal(16, rows[0].GetProperty("layers").GetArrayLength());
        Assert.Equal(report.Network.Layers[3].Weights.ToArray(), Network.Load(written).Layers[3].Weights.ToArray());
    }

    [Fact]
    public async Task PruningSaysWhereTheWaysDifferMost()
    {
        var (exitCode, output, _) = await Cli.InvokeAsync("prune", Cli.Model(Cli.ResNet), "--images", Cli.Calibration, "--count", "16", "--sparsity", "0.5");
        Assert.Equal(0, exitCode);
        Assert.StartsWith("resnet14-fashion pruned, one threshold for all layers, plain magnitude beside cross-layer factors, 16 images of 'calibration'\n", output, StringComparison.Ordinal);
        Assert.Contains("cross-layer factors make most difference at 50 % sparsity", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--sparsity", "0.5,0.4", "must be ascending shares")]
    [InlineData("--sparsity", "1", "must be ascending shares")]
    [InlineData("--scope", "channel", "must be network or layer")]
    [InlineData("--method", "crosslayer", "did you mean 'cross-layer'")]
    [InlineData("--method", "two-step", "--calibration is missing")]
    public async Task WrongWordsOfPruneAreNamed(string option, string value, string expected)
    {
        var (exitCode, _, error) = await Cli.InvokeAsync("prune", Cli.Model(Cli.ResNet), "--images", Cli.Calibration, option, value);
        Assert.Equal(2, exitCode);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASchemeAsksWhichLayerGotWorseAndWhy()
    {
        string[] words = ["equalize", Cli.Model(Cli.ResNet), "--images", Cli.Calibration, "--count", "16", "--weight-bits", "4", "--activation-bits", "4"];
        var (exitCode, output, error) = await Cli.InvokeAsync(words);
        Assert.True(exitCode == 0, error);
        Assert.Contains("Each layer quantized alone, W4A4 per tensor", output, StringComparison.Ordinal);
        Assert.Matches(@"The output's SQNR goes from \d", output);
        var json = await Cli.JsonAsync(words);
        Assert.Equal(16, json.GetProperty("layers").GetArrayLength());
        var worst = json.GetProperty("layers").EnumerateArray().MaxBy(layer => layer.GetProperty("noiseAfter").GetDouble() - layer.GetProperty("noiseBefore").GetDouble());
        Assert.Contains($"most is added by {worst.GetProperty("name").GetString()}, ", json.GetProperty("finding").GetString(), StringComparison.Ordinal);
        Assert.True(json.GetProperty("groups").GetArrayLength() > 0);
    }

    [Fact]
    public async Task LayersMayHaveMethodsOfTheirOwn()
    {
        var network = Cli.Load(Cli.ResNet);
        var name = network.Layers[1].Name;
        string[] words = ["equalize", Cli.Model(Cli.ResNet), "--images", Cli.Calibration, "--count", "4", "--layers", $"{name}=none"];
        var json = await Cli.JsonAsync(words);
        var expected = network.Equalize(
            EqualizationMethod.CrossLayer, Cli.CalibrationImages(4), new() { LayerMethods = new Dictionary<string, EqualizationMethod?> { [name] = null }.ToImmutableDictionary() },
            null, TestContext.Current.CancellationToken);
        Assert.Equal(expected.Groups.Select(group => group.Factors[0]), json.GetProperty("groups").EnumerateArray().Select(group => group.GetProperty("factors")[0].GetDouble()));
        Assert.Contains(expected.Groups, group => group.Factors.All(factor => factor == 1));
        var (exitCode, _, error) = await Cli.InvokeAsync("equalize", Cli.Model(Cli.ResNet), "--layers", $"{name}=twostep");
        Assert.Equal(2, exitCode);
        Assert.Contains("--layers: There is no equalization method 'twostep'; did you mean 'two-step'", error, StringComparison.Ordinal);
    }
}
