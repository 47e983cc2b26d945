using System.Collections.Immutable;
using QuantNotebooks.Correction;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Notebook.Tests;

/// <summary>Results over real networks with made-up statistics, so that tests know every number.</summary>
internal static class Synthetic
{
    public static QuantizationScheme Scheme => QuantizationScheme.Int8PerTensor;

    public static Network MobileNet { get; } = Network.Load(Repository.PathOf("data", "models", "mobilenet-v1-fashion.onnx"));

    public static ImageSet Images { get; } = ImageSet.Load(Repository.PathOf("data", "fashion-mnist", "calibration")).Take(64);

    public static ActivationRanges Ranges { get; } = new(ImmutableSortedDictionary<string, ActivationRange>.Empty, "", 64);

    /// <summary>A channel whose shift, sigma and standard error are as given; sigma 0 makes it constant.</summary>
    public static ChannelShift Channel(double shift, double sigma, double standardError = 0.001, double noise = 0.01, double mean = 0.5)
    {
        const int images = 64, count = images * 100;
        return new ChannelShift(
            new Moments(count, mean, sigma * sigma * count, mean - 3 * sigma, mean + 3 * sigma),
            new Moments(count, mean + shift, sigma * sigma * count, mean - 3 * sigma, mean + 3 * sigma),
            new Moments(count, shift, noise * noise * count, shift - noise, shift + noise),
            new Moments(images, shift, standardError * standardError * images * (images - 1), shift, shift));
    }

    /// <summary>Statistics of every channel from a seed.</summary>
    public static ShiftStatistics Statistics(Layer layer, int seed, double scale = 1)
    {
        var random = new Random(seed * 1000 + layer.Index);
        var dead = layer.DeadChannels.Select(channel => channel.Channel).ToHashSet();
        return new ShiftStatistics([.. Enumerable.Range(0, layer.Channels).Select(channel =>
            Channel(scale * (random.NextDouble() - 0.45) / 3, dead.Contains(channel) ? 0 : 0.2 + random.NextDouble(), 0.001 + 0.01 * random.NextDouble()))]);
    }

    public static MeanShiftReport Report(int seed = 1, double scale = 1, Network? network = null) => new(network ?? MobileNet, Scheme, Images,
        [.. (network ?? MobileNet).Layers.Select(layer => new LayerShift(layer, Statistics(layer, seed, scale), Statistics(layer, seed, scale / 2), null))], Ranges);

    public static CorrectionResult Correction(bool heldOut = true) => new(MobileNet, "iterative", Scheme, Images,
        [.. MobileNet.Layers.Select(layer => new LayerCorrection(layer, [.. Enumerable.Range(0, layer.Channels).Select(channel => channel * 0.001f)],
            Statistics(layer, 1), Statistics(layer, 2, 0.01), heldOut ? Statistics(layer, 3) : null, heldOut ? Statistics(layer, 4, 0.02) : null,
            layer.Index == 3 ? "left <b>alone</b>" : null))]);

    public static EvaluationResult Evaluation(double? quantized, double? reference = 0.924, double? agreement = 0.9, bool isQuantized = true) =>
        new(MobileNet, isQuantized ? Scheme : null, Images, reference, quantized, agreement, 23.4);
}
