using QuantNotebooks.Correction;
using QuantNotebooks.Equalization;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Export;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Pruning;
using QuantNotebooks.Quantization;
using QuantNotebooks.Recommendation;
using QuantNotebooks.Sensitivity;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests;

public sealed class AmbientCancellationTests
{
    private static readonly QuantizationScheme Scheme = QuantizationScheme.Int8PerTensor;

    private static readonly Dictionary<string, Action<Network, ImageSet>> Calls = new()
    {
        ["load"] = (network, images) => Network.Load(network.Path),
        ["calibrate"] = (network, images) => network.Calibrate(images),
        ["calibrate by a scheme"] = (network, images) => network.Calibrate(images, Scheme),
        ["shift"] = (network, images) => network.MeasureMeanShift(images, Scheme),
        ["distribution"] = (network, images) => network.MeasureDistribution(images, Scheme, network.Layers[2].Name, 0),
        ["sensitivity"] = (network, images) => network.MeasureSensitivity(images, Scheme),
        ["correct"] = (network, images) => network.CorrectBias(images, Scheme),
        ["analytic"] = (network, images) => network.CorrectBiasAnalytically(images, Scheme),
        ["equalize"] = (network, images) => network.Equalize(EqualizationMethod.TwoStep, images),
        ["evaluate"] = (network, images) => network.Evaluate(images),
        ["evaluate quantized"] = (network, images) => network.Evaluate(images, Scheme, images),
        ["compare"] = (network, images) => Evaluate.Compare([network], images, Scheme, images),
        ["prune"] = (network, images) => network.MeasurePruning(images),
        ["recommend"] = (network, images) => network.Recommend(images, images, Scheme),
        ["export"] = (network, images) => network.SaveQdq(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".onnx"), Scheme, images),
    };

    public static TheoryData<string> Names => [.. Calls.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Stops_what_is_called_without_a_token(string call)
    {
        var network = TestData.Load(TestData.MobileNetV1);
        using var source = new CancellationTokenSource();
        using var scope = AmbientCancellation.Enter(source.Token);
        source.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => Calls[call](network, TestData.Calibration.Take(8)));
    }

    [Fact]
    public void A_token_that_is_given_counts_alone()
    {
        var network = TestData.Load(TestData.MobileNetV1);
        using var ambient = new CancellationTokenSource();
        using var own = new CancellationTokenSource();
        using var scope = AmbientCancellation.Enter(ambient.Token);
        ambient.Cancel();
        Assert.Equal(8, network.Evaluate(TestData.Test.Take(8), cancellation: own.Token).Images.Count);
    }

    [Fact]
    public async Task Follows_the_code_and_ends_with_its_scope()
    {
        using var source = new CancellationTokenSource();
        Assert.False(AmbientCancellation.Token.CanBeCanceled);
        using (AmbientCancellation.Enter(source.Token))
        {
            Assert.Equal(source.Token, await Task.Run(() => AmbientCancellation.Token, TestContext.Current.CancellationToken));
            using (AmbientCancellation.Enter(CancellationToken.None)) Assert.False(AmbientCancellation.Token.CanBeCanceled);
            Assert.Equal(source.Token, AmbientCancellation.Token);
        }
        Assert.False(AmbientCancellation.Token.CanBeCanceled);
    }
}
