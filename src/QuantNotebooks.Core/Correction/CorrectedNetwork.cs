using System.Globalization;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Correction;

/// <summary>Makes the network that a correction gives.</summary>
internal static class CorrectedNetwork
{
    /// <summary>
    /// The network with other biases, the ranges they belong to, what was done in its history, and the biases of its full-precision reference.
    /// </summary>
    /// <param name="network">What was corrected.</param>
    /// <param name="method">How, in a word or two.</param>
    /// <param name="biases">The new biases by layer name; a layer that is not among them keeps its own.</param>
    /// <param name="ranges">The calibrated ranges.</param>
    /// <param name="scheme">The scheme that the correction is for.</param>
    /// <param name="images">The images that it was found on, or null where it took none.</param>
    /// <param name="stoppedAfter">How many layers were done when it was stopped, or null.</param>
    public static Network Of(
        Network network, string method, IReadOnlyDictionary<string, float[]> biases, ActivationRanges? ranges, QuantizationScheme scheme, ImageSet? images,
        int? stoppedAfter = null)
    {
        var references = network.Facts.ReferenceBiases.ToBuilder();
        var changes = new List<LayerChange>();
        foreach (var layer in network.Layers)
        {
            if (!biases.TryGetValue(layer.Name, out var bias)) continue;
            // A network that was corrected before keeps its first, true reference.
            if (!references.ContainsKey(layer.Name)) references[layer.Name] = layer.HasBias ? [.. layer.Bias] : null;
            changes.Add(new LayerChange(layer, null, bias));
        }
        var with = images is null ? "no images" : string.Create(CultureInfo.InvariantCulture, $"{images.Count} images of '{images.Name}'");
        var stopped = stoppedAfter is { } done ? string.Create(CultureInfo.InvariantCulture, $", interrupted after {done} of {network.Layers.Length} layers") : "";
        var entry = new HistoryEntry($"correct-bias {method}", $"{scheme}, {with}{stopped}", images?.Sha256, network.Sha256, ToolVersion.Text);
        return network.With(changes, network.Facts with
        {
            Name = network.Name + "-corrected",
            Ranges = ranges is null ? null : ranges with { Scheme = scheme.ToJson() },
            ReferenceBiases = references.ToImmutable(),
            History = network.History.Add(entry),
            Parent = network,
        });
    }
}
