using QuantNotebooks.Quantization;
using QuantNotebooks.Sensitivity;

namespace QuantNotebooks.Kernel.Tests.CommandLine;

/// <summary><c>quantnb sensitivity</c>.</summary>
public sealed class SensitivityCommandTests
{
    [Fact]
    public async Task JsonIsTheReport()
    {
        var json = await Cli.JsonAsync("sensitivity", Cli.Model(Cli.ResNet), "--images", Cli.Calibration, "--count", "64", "--sample", "20", "--weight-bits", "4");
        var report = Cli.Load(Cli.ResNet).MeasureSensitivity(
            Cli.CalibrationImages(64), QuantizationScheme.Int8PerTensor with { WeightBits = 4 }, new() { Sample = 20 }, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(64, json.GetProperty("images").GetProperty("count").GetInt32());
        Assert.Equal(report.Sample.Sha256, json.GetProperty("sample").GetProperty("sha256").GetString());
        Assert.Equal(64, json.GetProperty("calibration").GetProperty("count").GetInt32());
        Assert.Equal(report.Together.SqnrDecibels, json.GetProperty("together").GetProperty("sqnrDb").GetDouble(), 1e-9);
        var layers = json.GetProperty("layers").EnumerateArray().ToList();
        Assert.Equal(report.Layers.Select(layer => layer.Name), layers.Select(layer => layer.GetProperty("name").GetString()!));
        Assert.Equal(report.Layers.Select(layer => layer.Output.Ratio), layers.Select(layer => layer.GetProperty("noiseRatio").GetDouble()));
        Assert.Equal(report.Layers.Select(layer => layer.Output.Agreement), layers.Select(layer => (double?)layer.GetProperty("agreement").GetDouble()));
        Assert.Equal(1, layers.Sum(layer => layer.GetProperty("share").GetDouble()), 1e-9);
    }

    [Fact]
    public async Task TextNamesTheLayersThatMakeHalfOfTheNoise()
    {
        var (exitCode, output, _) = await Cli.InvokeAsync("sensitivity", Cli.Model(Cli.ResNet), "--images", Cli.Calibration, "--count", "32", "--weight-bits", "4");
        Assert.Equal(0, exitCode);
        Assert.StartsWith("resnet14-fashion, W4A8 per tensor, each layer quantized alone, 12 of 32 images of 'calibration', at the output\n", output, StringComparison.Ordinal);
        Assert.Matches(@"\nall together  +\d", output);
        Assert.Matches(@"\n\d+ of 16 layers \(.*\) makes? \d+ % of the noise; ", output);
    }

    [Fact]
    public async Task ASampleOfNoneIsRefused()
    {
        var (exitCode, _, error) = await Cli.InvokeAsync("sensitivity", Cli.Model(Cli.ResNet), "--images", Cli.Calibration, "--sample", "0");
        Assert.Equal(2, exitCode);
        Assert.Contains("--sample must be a whole number of at least 1", error, StringComparison.Ordinal);
    }
}
