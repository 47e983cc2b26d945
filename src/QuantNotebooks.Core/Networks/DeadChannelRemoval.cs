using System.Collections.Immutable;
using QuantNotebooks.Onnx;

namespace QuantNotebooks.Networks;

/// <summary>
/// Finds channels whose output never changes, and silences them: zero weights and their constant as bias. One dead channel's folded scale,
/// gamma / sqrt(epsilon), can be hundreds of times the others' and wreck the grid that the whole layer shares.
/// </summary>
internal static class DeadChannelRemoval
{
    /// <summary>The notes with channels added whose weights are all zero.</summary>
    public static ImmutableDictionary<string, LayerNotes> WithZeroWeights(ImmutableArray<Layer> layers, ImmutableDictionary<string, LayerNotes> notes)
    {
        foreach (var layer in layers)
        {
            var known = layer.DeadChannels.Select(dead => dead.Channel).ToHashSet();
            var found = layer.DeadChannels.ToBuilder();
            for (var channel = 0; channel < layer.Channels; channel++)
                if (!known.Contains(channel) && IsZero(layer, channel))
                    found.Add(new DeadChannel(channel, "all weights zero", layer.HasBias ? layer.Bias[channel] : 0));
            if (found.Count > known.Count) notes = notes.SetItem(layer.WeightName, layer.Notes with { DeadChannels = found.ToImmutable() });
        }
        return notes;
    }

    public static Graph Silence(Graph graph, ImmutableArray<Layer> layers)
    {
        var constants = graph.Constants;
        foreach (var layer in layers)
        {
            if (layer.DeadChannels.IsEmpty) continue;
            var weights = layer.Weights.ToArray();
            var bias = layer.Bias.ToArray();
            foreach (var dead in layer.DeadChannels)
            {
                layer.Layout.ForEachRun(dead.Channel, (start, length) => weights.AsSpan(start, length).Clear());
                if (bias.Length > 0) bias[dead.Channel] = dead.Constant;
            }
            constants = constants.SetItem(layer.WeightName, TensorData.Create(layer.WeightName, layer.WeightShape.AsSpan(), weights));
            if (layer.BiasName is { } name) constants = constants.SetItem(name, TensorData.Create(name, layer.BiasShape.AsSpan(), bias));
        }
        return graph.With(constants);
    }

    private static bool IsZero(Layer layer, int channel)
    {
        var zero = true;
        layer.Layout.ForEachRun(channel, (start, length) => zero &= layer.Weights.Slice(start, length).IndexOfAnyExcept(0f) < 0);
        return zero;
    }
}
