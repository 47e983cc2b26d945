using QuantNotebooks.Evaluation;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Kernel.Tests.CommandLine;

/// <summary><c>quantnb recommend</c>.</summary>
public sealed class RecommendCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task WhatIsWrittenGivesWhatIsReported()
    {
        var target = _folder.File("better.onnx");
        var json = await Cli.JsonAsync(
            "recommend", Cli.Model(Cli.ResNet), "--images", Cli.Calibration, "--count", "48", "--held-out", "60", "--weight-bits", "4", "--activation-bits", "4", "--budget", "5m", "--out", target);
        Assert.Equal(60, json.GetProperty("heldOut").GetProperty("count").GetInt32());
        Assert.Empty(json.GetProperty("untried").EnumerateArray());
        Assert.Equal(16, json.GetProperty("layers").GetArrayLength());
        Assert.All(json.GetProperty("layers").EnumerateArray(), layer => Assert.NotEmpty(layer.GetProperty("why").GetString()!));
        var after = json.GetProperty("after").GetProperty("sqnrDb").GetDouble();
        Assert.True(after > json.GetProperty("before").GetProperty("sqnrDb").GetDouble());
        Assert.Equal(json.GetProperty("steps").EnumerateArray().Last(step => step.GetProperty("kept").GetBoolean()).GetProperty("measured").GetProperty("sqnrDb").GetDouble(), after);

        var scheme = QuantizationScheme.Parse($$"""{"scheme": {{json.GetProperty("finalScheme").GetRawText()}}}""");
        var heldOut = Images.ImageSet.Load(Cli.Calibration).Skip(48).Take(60);
        Assert.Equal(after, Network.Load(target).Evaluate(heldOut, scheme, cancellation: TestContext.Current.CancellationToken).SqnrDecibels!.Value, 0.01);
    }

    [Fact]
    public async Task WithoutHeldOutImagesAQuarterIsKeptBackAndWhatThereWasNoTimeForIsNamed()
    {
        var (exitCode, output, error) = await Cli.InvokeAsync("recommend", Cli.Model(Cli.ResNet), "--images", Cli.Calibration, "--count", "16", "--budget", "0.001s");
        Assert.Equal(0, exitCode);
        Assert.Contains("the last 4 images are held out", error, StringComparison.Ordinal);
        Assert.StartsWith("resnet14-fashion, W8A8 per tensor, measured on 12 images of 'calibration', tried on 4 held-out ones\n", output, StringComparison.Ordinal);
        Assert.Contains("No time: correct was not tried; give a longer --budget.", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--budget", "soon", "--budget must be a time such as 90s or 5m")]
    [InlineData("--budget", "0s", "--budget must be a time such as 90s or 5m")]
    [InlineData("--count", "1", "at least two images are wanted")]
    public async Task WhatMakesNoSenseIsRefused(string option, string value, string message)
    {
        var (exitCode, _, error) = await Cli.InvokeAsync("recommend", Cli.Model(Cli.ResNet), "--images", Cli.Calibration, option, value);
        Assert.Equal(2, exitCode);
        Assert.Contains(message, error, StringComparison.Ordinal);
    }
}
