using System.Collections.Immutable;
using System.Globalization;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Equalization;

/// <summary>What was taken from one layer's bias.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Absorbed">What was subtracted from each channel's bias; empty where the layer was left alone.</param>
/// <param name="Readers">The layers whose biases took it up.</param>
/// <param name="Skipped">Why the layer was left alone, or null.</param>
public sealed record AbsorbedBias(string Layer, ImmutableArray<float> Absorbed, ImmutableArray<string> Readers, string? Skipped);

/// <summary>A network whose high biases were absorbed. Immutable.</summary>
/// <param name="Network">The network after; the one that was given where nothing could be absorbed.</param>
/// <param name="Layers">One entry a layer with batch normalization statistics.</param>
/// <param name="Certificate">How far the outputs moved: a value below the absorbed constant, rarer than the number of sigmas allows, is clipped.</param>
public sealed record HighBiasResult(Network Network, ImmutableArray<AbsorbedBias> Layers, EqualizationCertificate Certificate)
{
    /// <summary>How many standard deviations below its mean a channel was left whole.</summary>
    public double Sigmas { get; init; } = 3;

    /// <summary>Whether nothing could be absorbed: then <see cref="Network"/> is the one that was given.</summary>
    public bool IsUnchanged => Layers.All(layer => layer.Absorbed.IsEmpty);
}

/// <summary>High-bias absorption (DFQ, arXiv 1906.04721, section 4.1.3).</summary>
public static class HighBiasAbsorption
{
    /// <summary>
    /// Where a ReLU's channel lies above zero nearly always, c = max(0, mean - z sigma) by its batch normalization is taken from its bias and given to the
    /// layers that read it: relu(y) - c = relu(y - c) for y &gt; c. The activation's range shrinks by c. A reader that pads with zeros would see
    /// another value at its border, so such layers are left alone, and so are those whose output other nodes read.
    /// </summary>
    /// <param name="network">The network.</param>
    /// <param name="images">Images on which the outputs are compared; null to leave that out.</param>
    /// <param name="sigmas">z, the distance from the mean that nearly no value is below; the paper's 3 leaves 0.13 % of a normal distribution.</param>
    /// <param name="progress">Told which images are compared.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="QuantNotebooksException"><paramref name="sigmas"/> is negative or not finite, or the images don't fit the network.</exception>
    public static HighBiasResult AbsorbHighBias(this Network network, ImageSet? images = null, double sigmas = 3, IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default)
    {
        cancellation = cancellation.OrAmbient();
        ArgumentNullException.ThrowIfNull(network);
        if (!double.IsFinite(sigmas) || sigmas < 0) throw new QuantNotebooksException(FormattableString.Invariant($"The number of sigmas must be at least 0, not {sigmas}."));
        var edit = new WeightEdit(network);
        ImmutableArray<AbsorbedBias> layers =
            [.. network.Layers.Where(layer => layer.BatchNormalization is not null).Select(layer => Absorb(edit, layer, sigmas))];
        var absorbed = layers.ToDictionary(layer => layer.Layer, layer => layer.Absorbed);
        if (layers.All(layer => layer.Absorbed.IsEmpty)) return new HighBiasResult(network, layers, EqualizationCertificate.Unchanged(images)) { Sigmas = sigmas };
        var entry = new HistoryEntry("absorb-high-bias", string.Create(CultureInfo.InvariantCulture, $"{sigmas} sigmas"), null, network.Sha256, ToolVersion.Text);
        var edited = edit.ToNetwork("-absorbed", entry);
        // What batch normalization promised of the mean moves along.
        var after = edited.With(
            edited.Graph, layer => absorbed.GetValueOrDefault(layer.Name, []) is { IsEmpty: false } taken ? layer.Notes.Shifted(taken) : layer.Notes, edited.Facts);
        return new HighBiasResult(after, layers, EqualizationCertificate.Compare(network, after, images, cancellation, progress: progress)) { Sigmas = sigmas };
    }

    private static AbsorbedBias Absorb(WeightEdit edit, Layer layer, double sigmas)
    {
        var statistics = layer.BatchNormalization!;
        ImmutableArray<float> constants =
            [.. Enumerable.Range(0, layer.Channels).Select(channel => (float)Math.Max(0, statistics.Mean[channel] - sigmas * statistics.StandardDeviation[channel]))];
        if (constants.All(constant => constant == 0)) return Skip("no channel lies above zero nearly always");
        // A linear layer has no corner to stay above; a clip's upper bound would have to move too.
        if (layer.Activation.Kind != ActivationKind.Relu || layer.Activation.IsScaled) return Skip($"the activation is {layer.Activation}, not ReLU");
        var (readers, refusal) = edit.Readers(layer);
        refusal ??= readers.Select(WeightEdit.WhyBorderDiffers).FirstOrDefault(reason => reason is not null);
        if (refusal is not null) return Skip(refusal);
        var bias = edit.Bias(layer);
        for (var channel = 0; channel < constants.Length; channel++)
        {
            if (constants[channel] == 0) continue;
            bias[channel] -= constants[channel];
            foreach (var reader in readers) edit.Absorb(reader, channel, constants[channel], clear: false);
        }
        return new AbsorbedBias(layer.Name, constants, [.. readers.Select(reader => reader.Name)], null);

        AbsorbedBias Skip(string reason) => new(layer.Name, [], [], reason);
    }
}
