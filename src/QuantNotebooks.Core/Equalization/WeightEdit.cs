using System.Collections.Immutable;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;

namespace QuantNotebooks.Equalization;

/// <summary>New weights and biases for some layers of a network, gathered channel by channel. Used once, by one thread.</summary>
internal sealed class WeightEdit(Network network)
{
    private readonly Dictionary<Layer, float[]> _weights = [];
    private readonly Dictionary<Layer, float[]> _biases = [];

    public float[] Weights(Layer layer)
    {
        if (!_weights.TryGetValue(layer, out var weights)) _weights[layer] = weights = layer.Weights.ToArray();
        return weights;
    }

    public float[] Bias(Layer layer)
    {
        if (!_biases.TryGetValue(layer, out var bias)) _biases[layer] = bias = layer.HasBias ? layer.Bias.ToArray() : new float[layer.Channels];
        return bias;
    }

    /// <summary>The layers that read a layer's output, or why not only layers do.</summary>
    public (ImmutableArray<Layer> Layers, string? Refusal) Readers(Layer layer)
    {
        if (network.Graph.IsOutput(layer.Output)) return ([], "its output is an output of the network");
        var readers = ImmutableArray.CreateBuilder<Layer>();
        foreach (var node in network.Graph.Consumers(layer.Output))
        {
            if (network.Layers.FirstOrDefault(other => ReferenceEquals(other.LinearNodes[0], node)) is not { } reader)
                return ([], $"{FactorTrace.NameOf(node)} ({node.OpType}) reads its output too");
            readers.Add(reader);
        }
        return (readers.ToImmutable(), null);
    }

    /// <summary>Why a constant input is no constant output of a layer: padding with zeros, or taps that not every position has. Null where it is one.</summary>
    public static string? WhyBorderDiffers(Layer reader)
    {
        var node = reader.LinearNodes[0];
        if (reader.Operator == LayerOperator.ConvTranspose) return $"{reader.Name} is a transposed convolution, whose border sees fewer taps";
        var padding = node.Attribute("auto_pad")?.S.ToStringUtf8();
        return node.Ints("pads").Any(pad => pad != 0) || padding is "SAME_UPPER" or "SAME_LOWER"
            ? $"{reader.Name} pads with zeros, so its border sees another value"
            : null;
    }

    /// <summary>Adds to a reader's bias what a constant value of one of its input channels gives, and clears the channel's weights if asked.</summary>
    public void Absorb(Layer reader, int channel, double value, bool clear)
    {
        var (axes, weights, bias) = (WeightAxes.Of(reader), Weights(reader), Bias(reader));
        for (var row = 0; row < axes.Rows; row++)
            for (var column = 0; column < axes.Columns; column++)
            {
                var other = axes.FirstColumnChannel(row) + column;
                var (output, input) = axes.RowsAreOutputs ? (row, other) : (other, row);
                if (input != channel) continue;
                var taps = weights.AsSpan((row * axes.Columns + column) * axes.Taps, axes.Taps);
                var sum = 0.0;
                foreach (var weight in taps) sum += weight;
                bias[output] = (float)(bias[output] + sum * value);
                if (clear) taps.Clear();
            }
    }

    public Network ToNetwork(string suffix, HistoryEntry entry) => network.With(
        _weights.Keys.Union(_biases.Keys).Select(layer => new LayerChange(layer, _weights.GetValueOrDefault(layer), _biases.GetValueOrDefault(layer))),
        network.Facts with { Name = network.Name + suffix, Parent = network, Ranges = null, History = network.History.Add(entry) });
}
