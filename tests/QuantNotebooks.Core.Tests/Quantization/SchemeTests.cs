using CsCheck;
using QuantNotebooks.Correction;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Quantization;

/// <summary>What a scheme says, and that a network is quantized by it.</summary>
public sealed class SchemeTests
{
    private static readonly Gen<int?> Bits = Gen.Int[1, 16].Select(bits => bits == 1 ? (int?)null : bits);

    private static readonly Gen<RangeEstimator> Estimators =
        Gen.OneOfConst(RangeEstimator.MinMax, RangeEstimator.LeastSquares, RangeEstimator.Entropy, RangeEstimator.Percentile(99.99));

    private static readonly Gen<QuantizationScheme> Schemes = Gen.Select(
        Gen.Select(Bits, Bits, Gen.Bool, Gen.Bool, Gen.Bool, Gen.Bool), Gen.Select(Estimators, Estimators, Gen.Enum<BiasPrecision>()),
        Gen.Select(Gen.OneOfConst("conv", "a=b", "läyer \"1\""), Bits, Bits), Gen.Bool)
        .Select((grids, rest, other, hasOverride) => new QuantizationScheme
        {
            WeightBits = grids.Item1,
            ActivationBits = grids.Item2,
            WeightGranularity = grids.Item3 ? WeightGranularity.PerChannel : WeightGranularity.PerTensor,
            SymmetricWeights = grids.Item4,
            SymmetricActivations = grids.Item5,
            PowerOfTwoScales = grids.Item6,
            WeightRange = rest.Item1,
            ActivationRange = rest.Item2,
            Bias = rest.Item3,
            Overrides = hasOverride ? [new LayerOverride(other.Item1, other.Item2, other.Item3)] : [],
        });

    [Fact]
    public void A_report_gives_its_scheme_back() => Schemes.Sample(scheme => Assert.Equal(scheme, QuantizationScheme.Parse(scheme.ToJson())));

    [Fact]
    public void Two_schemes_that_differ_have_different_names() => Gen.Select(Schemes, Schemes).Sample((one, other) =>
        Assert.Equal(one == other, one.ToString() == other.ToString()));

    [Theory]
    [InlineData("{}", "weightBits is missing")]
    [InlineData("""{"scheme": null}""", "nothing was quantized")]
    [InlineData("""{"weightBits": 40, "activationBits": 8}""", "2 to 16, not 40")]
    [InlineData("""{"weightBits": 8, "activationBits": 8, "biasBits": 8}""", "must be 32, 16 or null")]
    [InlineData("""{"weightBits": 8, "activationBits": 8, "range": "median"}""", "not 'median'")]
    [InlineData("[", "not valid JSON")]
    public void What_is_no_scheme_is_refused(string json, string message)
    {
        var error = Assert.Throws<QuantNotebooksException>(() => QuantizationScheme.Parse(json, "'x.json'"));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.StartsWith("'x.json'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("conv=4", 4, 4)]
    [InlineData("conv=float", null, null)]
    [InlineData("conv=W4A8", 4, 8)]
    [InlineData("conv=w4aFloat", 4, null)]
    [InlineData("conv=WfloatA16", null, 16)]
    [InlineData(" conv = W3", 3, 6)]
    [InlineData("conv=A12", 5, 12)]
    public void Overrides_read(string text, int? weights, int? activations)
    {
        Assert.True(LayerOverride.TryParse(text, QuantizationScheme.Int8PerTensor with { WeightBits = 5, ActivationBits = 6 }, out var parsed));
        Assert.Equal(new LayerOverride("conv", weights, activations), parsed);
    }

    [Theory]
    [InlineData("conv")]
    [InlineData("=4")]
    [InlineData("conv=")]
    [InlineData("conv=1")]
    [InlineData("conv=17")]
    [InlineData("conv=W")]
    [InlineData("conv=A8W4")]
    [InlineData("conv=W99A8")]
    public void Other_overrides_are_refused(string text) => Assert.False(LayerOverride.TryParse(text, QuantizationScheme.Int8PerTensor, out _));

    [Fact]
    public void An_override_of_an_unknown_layer_is_refused_with_the_nearest_name()
    {
        var network = TestData.Load(TestData.ResNet14);
        var name = network.Layers[3].Name;
        var scheme = QuantizationScheme.Int8PerTensor.WithOverride(name + "x", 4, 8);
        var error = Assert.Throws<QuantNotebooksException>(() => network.Calibrate(TestData.Calibration.Take(1), scheme));
        Assert.Contains($"did you mean '{name}'?", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_override_changes_its_layer_only()
    {
        var network = TestData.Load(TestData.ResNet14);
        var changed = network.Layers[2];
        var scheme = (QuantizationScheme.Int8PerTensor with { Bias = BiasPrecision.Float }).WithOverride(changed.Name, 3, 5);
        var placement = QuantizerPlacement.Of(network, scheme);
        foreach (var layer in network.Layers)
        {
            var expected = layer == changed ? (3, 5) : (8, 8);
            Assert.Equal(expected.Item1, LayerQuantizer.Weights(layer, scheme).Quantizers[0] is var grid ? (int)Math.Log2(grid.Highest + 1) + 1 : 0);
            Assert.Equal(expected.Item2, placement.FormatOf(layer.Output)!.Value.Bits);
        }
        Assert.Equal(3, QuantizationScheme.Int8PerTensor.WithOverride("a", 2, 2).WithOverride("b", 2, 2).WithOverride("c", 2, 2).WithOverride("a", 4, 4).Overrides.Count);
    }

    [Fact]
    public void A_float_override_leaves_weights_and_output_alone()
    {
        var network = TestData.Load(TestData.ResNet14);
        var layer = network.Layers[2];
        var scheme = QuantizationScheme.Int8PerTensor.WithOverride(layer.Name, null, null);
        Assert.Null(QuantizerPlacement.Of(network, scheme).FormatOf(layer.Output));
        var weights = LayerQuantizer.Weights(layer, scheme);
        Assert.False(weights.IsQuantized);
        Assert.True(layer.Weights.SequenceEqual(weights.Weights));
    }

    [Fact]
    public void Sixteen_bit_biases_share_the_smallest_shift_that_fits_them() =>
        Gen.Select(Gen.Double[-1, 1].Select(value => (float)value).Array[1, 8], Gen.Double[-22, 4]).Sample((bias, exponent) =>
        {
            var scale = (float)Math.Pow(2, exponent);
            var weights = new QuantizedWeights([], [new Quantizer(scale, 0, -127, 127)]);
            var input = new Quantizer(0.37f, 0, 0, 255);
            var scheme = QuantizationScheme.Int8PerTensor with { Bias = BiasPrecision.Int16 };
            var integers = LayerQuantizer.Integers(bias, weights, input, scheme)!;
            Assert.All(integers.Integers, integer => Assert.InRange(integer, short.MinValue, short.MaxValue));
            var step = (double)scale * 0.37f;
            var most = bias.Max(value => Math.Abs((double)value));
            // A shift smaller by one would not have fitted.
            Assert.True(integers.Shift == 0 || Math.Round(most / (step * Math.Pow(2, integers.Shift - 1))) > short.MaxValue);
            var quantized = LayerQuantizer.Bias(bias, weights, input, scheme);
            for (var channel = 0; channel < bias.Length; channel++)
                Assert.InRange(Math.Abs(quantized[channel] - bias[channel]), 0, step * Math.Pow(2, integers.Shift) * 0.5001 + 1e-7);
        });

    [Fact]
    public void A_presets_name_finds_it()
    {
        Assert.Equal(QuantizationScheme.Presets.Length, QuantizationScheme.Presets.Select(preset => preset.Name).Distinct().Count());
        Assert.All(QuantizationScheme.Presets, preset => Assert.Matches("^[a-z0-9-]+$", preset.Name));
    }

    [Fact]
    public void A_network_corrected_for_one_scheme_warns_under_another()
    {
        var network = TestData.Load(TestData.ResNet14);
        var scheme = QuantizationScheme.Int8PerTensor.WithBits(4);
        var corrected = network.CorrectBias(TestData.Calibration.Take(16), scheme).Network;
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "corrected.onnx");
        corrected.Save(file);
        var loaded = Network.Load(file);
        Assert.Equal(scheme, loaded.PreparedFor());
        Assert.Null(loaded.MismatchWith(scheme));
        Assert.Contains("was prepared for W4A4 per tensor and is quantized as W8A8 per tensor", loaded.MismatchWith(QuantizationScheme.Int8PerTensor), StringComparison.Ordinal);
        Assert.Null(network.MismatchWith(scheme));
        Assert.NotNull(loaded.Evaluate(TestData.Test.Take(4), QuantizationScheme.Int8PerTensor).SchemeWarning);
    }
}
