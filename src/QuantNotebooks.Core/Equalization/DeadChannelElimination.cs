using System.Collections.Immutable;
using System.Globalization;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Equalization;

/// <summary>What became of one dead channel.</summary>
/// <param name="Layer">The layer that makes it.</param>
/// <param name="Channel">Its index.</param>
/// <param name="Constant">Its value before the activation.</param>
/// <param name="Readers">Layers whose weights for it were set to zero, its value being part of their bias now.</param>
/// <param name="Kept">Why its value is still made and read, or null where nothing of it is left.</param>
public sealed record EliminatedChannel(string Layer, int Channel, float Constant, ImmutableArray<string> Readers, string? Kept);

/// <summary>A network without the weights of its dead channels. Immutable.</summary>
/// <param name="Network">The network after; the one that was given where it has no dead channels.</param>
/// <param name="Channels">One entry a dead channel.</param>
/// <param name="Certificate">How far the outputs moved.</param>
public sealed record DeadChannelResult(Network Network, ImmutableArray<EliminatedChannel> Channels, EqualizationCertificate Certificate);

/// <summary>Takes channels whose output never changes out of the grids that they share with others.</summary>
public static class DeadChannelElimination
{
    /// <summary>
    /// Sets the weights that make a dead channel to zero and its bias to its constant, and where every reader allows it folds the constant into the
    /// readers' biases and sets their weights for it to zero too. A reader that pads with zeros sees another value at the border, so it keeps its
    /// weights unless the constant is zero after the activation.
    /// </summary>
    /// <param name="network">The network, loaded with its dead channels kept.</param>
    /// <param name="images">Images on which the outputs are compared; null to leave that out.</param>
    /// <param name="progress">Told which images are compared.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="QuantNotebooksException">The images don't fit the network.</exception>
    public static DeadChannelResult EliminateDeadChannels(this Network network, ImageSet? images = null, IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default)
    {
        cancellation = cancellation.OrAmbient();
        ArgumentNullException.ThrowIfNull(network);
        var edit = new WeightEdit(network);
        var channels = ImmutableArray.CreateBuilder<EliminatedChannel>();
        foreach (var layer in network.Layers)
            foreach (var dead in layer.DeadChannels) channels.Add(Eliminate(edit, layer, dead));
        if (channels.Count == 0) return new DeadChannelResult(network, [], EqualizationCertificate.Unchanged(images));
        var after = edit.ToNetwork("-without-dead", new HistoryEntry(
            "eliminate-dead-channels", string.Create(CultureInfo.InvariantCulture, $"{channels.Count} channels"), null, network.Sha256, ToolVersion.Text));
        return new DeadChannelResult(after, channels.ToImmutable(), EqualizationCertificate.Compare(network, after, images, cancellation, progress: progress));
    }

    private static EliminatedChannel Eliminate(WeightEdit edit, Layer layer, DeadChannel dead)
    {
        var weights = edit.Weights(layer);
        layer.Layout.ForEachRun(dead.Channel, (start, length) => weights.AsSpan(start, length).Clear());
        edit.Bias(layer)[dead.Channel] = dead.Constant;
        if (ConstantAfter(layer.Activation, dead.Constant) is not { } value)
            return new EliminatedChannel(layer.Name, dead.Channel, dead.Constant, [], $"the value after {layer.Activation} is not computed");
        var (readers, refusal) = edit.Readers(layer);
        if (refusal is null && value != 0) refusal = readers.Select(WeightEdit.WhyBorderDiffers).FirstOrDefault(reason => reason is not null);
        if (refusal is not null) return new EliminatedChannel(layer.Name, dead.Channel, dead.Constant, [], refusal);
        foreach (var reader in readers) edit.Absorb(reader, dead.Channel, value, clear: true);
        edit.Bias(layer)[dead.Channel] = 0;
        return new EliminatedChannel(layer.Name, dead.Channel, dead.Constant, [.. readers.Select(reader => reader.Name)], null);
    }

    private static float? ConstantAfter(Activation activation, float value) => activation switch
    {
        { IsScaled: true } or { HasChannelBounds: true } => null,
        { Kind: ActivationKind.None } => value,
        { Kind: ActivationKind.Relu } => Math.Max(0, value),
        { Kind: ActivationKind.Clip } => (float)Math.Clamp(value, activation.Minimum, activation.Maximum),
        _ => null,
    };
}
