using QuantNotebooks.Correction;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Correction;

/// <summary>What iterative correction holds back when told to.</summary>
public sealed class IterativeOptionsTests
{
    private static readonly QuantizationScheme Scheme = QuantizationScheme.Int8PerTensor.WithBits(6) with { Bias = BiasPrecision.Float };

    [Fact]
    public void Only_significant_shifts_are_corrected()
    {
        var network = TestData.Load(TestData.ResNet14);
        var result = network.CorrectBias(TestData.Calibration.Take(12), Scheme, options: new IterativeOptions { Significance = 3 });
        var (kept, corrected) = (0, 0);
        foreach (var layer in result.Corrections.Where(layer => layer.Skipped is null))
            for (var channel = 0; channel < layer.Correction.Length; channel++)
            {
                var shift = layer.Before.Channels[channel];
                var expected = Math.Abs(shift.MeanShift) > 3 * shift.StandardError ? -shift.MeanShift : 0;
                Assert.Equal(expected, layer.Correction[channel], 1e-5);
                if (expected == 0) kept++;
                else corrected++;
            }
        Assert.True(kept > 10 && corrected > 10, $"{kept} kept, {corrected} corrected");
    }

    [Fact]
    public void Shrinking_takes_off_the_part_that_is_chance()
    {
        var network = TestData.Load(TestData.ResNet14);
        var result = network.CorrectBias(TestData.Calibration.Take(12), Scheme, options: new IterativeOptions { Shrink = true });
        foreach (var layer in result.Corrections)
            for (var channel = 0; channel < layer.Correction.Length; channel++)
            {
                var (shift, error) = (layer.Before.Channels[channel].MeanShift, layer.Before.Channels[channel].StandardError);
                Assert.Equal(Math.Abs(shift) > error ? -shift * (1 - error * error / (shift * shift)) : 0, layer.Correction[channel], 1e-5);
            }
    }

    [Fact]
    public void A_layer_whose_error_on_images_set_aside_would_grow_is_left_alone()
    {
        // Corrected on a single image, at 8 bits, chance is large beside the shift; the images set aside know better.
        var network = TestData.Load(TestData.ResNet14);
        var scheme = QuantizationScheme.Int8PerTensor with { Bias = BiasPrecision.Float };
        var images = TestData.Calibration.Take(33);
        var ranges = network.Calibrate(images, scheme);
        var withRanges = network.With([], network.Facts with { Ranges = ranges });
        var result = withRanges.CorrectBias(images, scheme, options: new IterativeOptions { SetAside = 32 });
        var skipped = result.Corrections.Where(layer => layer.Skipped is not null).ToArray();
        Assert.NotEmpty(skipped);
        Assert.True(skipped.Length < network.Layers.Length);
        Assert.All(skipped, layer => Assert.StartsWith("its error on the 32 images set aside would grow by", layer.Skipped, StringComparison.Ordinal));
        Assert.All(skipped, layer => Assert.True(result.Network.Layers[layer.Layer.Index].Bias.SequenceEqual(layer.Layer.Bias)));

        // The first layer that was skipped has the same input with and without its own correction: measured, its error really grows.
        var first = skipped[0].Layer;
        var moved = first.Bias.ToArray().Zip(skipped[0].Before.Channels, (bias, channel) => bias - (float)channel.MeanShift);
        var facts = result.Network.Facts with { ReferenceBiases = result.Network.Facts.ReferenceBiases.Add(first.Name, [.. first.Bias]) };
        var upTo = result.Network.With([new LayerChange(result.Network.Layers[first.Index], null, [.. moved])], facts);
        var aside = images.Skip(1);
        Assert.True(Noise(upTo) > Noise(result.Network));

        double Noise(Network which) =>
            which.MeasureMeanShift(aside, scheme).Layers[first.Index].Before.NoisePower;
    }

    [Fact]
    public void Too_few_images_are_named_with_how_many_it_takes()
    {
        var network = TestData.Load(TestData.ResNet14);
        Assert.Empty(network.CorrectBias(TestData.Calibration.Take(64), QuantizationScheme.Int8PerTensor).Warnings);
        Assert.Contains("A single image", network.CorrectBias(TestData.Calibration.Take(1), Scheme).Warnings.Single(), StringComparison.Ordinal);
        var few = network.CorrectBias(TestData.Calibration.Take(3), Scheme.WithBits(3)).Warnings.Single();
        Assert.StartsWith("3 images are few", few, StringComparison.Ordinal);

        Assert.Contains("at least 2 images", Refused(new IterativeOptions { Shrink = true }), StringComparison.Ordinal);
        Assert.Contains("can't be set aside", Refused(new IterativeOptions { SetAside = 1 }), StringComparison.Ordinal);

        string Refused(IterativeOptions options) =>
            Assert.Throws<QuantNotebooksException>(() => network.CorrectBias(TestData.Calibration.Take(1), Scheme, options: options)).Message;
    }
}
