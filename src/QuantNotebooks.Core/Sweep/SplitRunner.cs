using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Sweep;

/// <summary>What a layer's split needs of one batch.</summary>
/// <param name="Sums">The sums of its input by tap.</param>
/// <param name="Count">Values of an output channel.</param>
internal sealed record SplitReading(TapSums Sums, long Count);

/// <summary>
/// Takes a layer's mean shift before the activation apart. A layer is linear, so each part's mean is a sum of weights times sums of the inputs:
/// the weights' change Wq - W meets x, and Wq meets x^ - x and xq - x^. No image runs through the layer again, and all but the differences
/// themselves is done in double. Exact, padding included.
/// </summary>
internal sealed class SplitRunner
{
    private readonly Layer _layer;
    private readonly Layer _reference;
    private readonly float[] _weights;
    private readonly float[] _bias;
    private readonly Quantizer? _inputGrid;
    private volatile TapGeometry? _geometry;
    private TapSums? _sums;
    private long _count;

    /// <param name="layer">The layer.</param>
    /// <param name="reference">The same layer of the full-precision network.</param>
    /// <param name="weights">The layer's quantized weights.</param>
    /// <param name="bias">The quantized bias, one a channel.</param>
    /// <param name="inputGrid">The quantizer of the layer's input, or null where activations are not quantized.</param>
    public SplitRunner(Layer layer, Layer reference, float[] weights, float[] bias, Quantizer? inputGrid)
    {
        _layer = layer;
        _reference = reference;
        _weights = weights;
        _bias = bias;
        _inputGrid = inputGrid;
    }

    /// <summary>Reads one batch; several threads may do so at once.</summary>
    /// <param name="input">The layer's input.</param>
    /// <param name="outputShape">Shape of the layer's output.</param>
    /// <param name="count">Values of an output channel in the batch.</param>
    /// <returns>What <see cref="Add"/> takes.</returns>
    public SplitReading Read(BatchPair input, long[] outputShape, long count)
    {
        var geometry = _geometry ??= TapGeometry.Of(_layer, input.Full.Shape, outputShape);
        return new SplitReading(TapSums.Of(geometry, input, _inputGrid), count);
    }

    /// <summary>Adds a batch to the parts: one at a time, in the order of the images.</summary>
    public void Add(SplitReading batch)
    {
        if (_sums is null) _sums = batch.Sums;
        else _sums.Add(batch.Sums);
        _count += batch.Count;
    }

    /// <summary>The parts over all batches that were added.</summary>
    public ShiftParts Parts()
    {
        var parts = new ShiftParts(_count, new double[_layer.Channels], new double[_layer.Channels], new double[_layer.Channels], new double[_layer.Channels]);
        if (_sums is null || _count == 0) return parts;
        var spread = Spread(_sums);
        var original = _reference.Weights.ToArray();
        LinearMean.ForEachWeight(_layer, _geometry!.Taps, (weight, channel, tap) =>
        {
            var quantized = (double)_weights[weight];
            var change = quantized - original[weight];
            parts.Weights[channel] += change * _sums.Full[tap];
            parts.Predicted[channel] += change * spread[tap];
            parts.InputRounding[channel] += quantized * _sums.Rounding[tap];
            parts.Inherited[channel] += quantized * _sums.Inherited[tap];
        });
        for (var channel = 0; channel < _layer.Channels; channel++)
        {
            var change = (double)_bias[channel] - (_reference.HasBias ? _reference.Bias[channel] : 0);
            parts.Weights[channel] = parts.Weights[channel] / _count + change;
            parts.Predicted[channel] = parts.Predicted[channel] / _count + change;
            parts.InputRounding[channel] /= _count;
            parts.Inherited[channel] /= _count;
        }
        return parts;
    }

    /// <summary>The sums that each tap would meet if every channel were its mean everywhere: the input that the first-order prediction knows.</summary>
    private double[] Spread(TapSums sums)
    {
        var geometry = _geometry!;
        var meetings = geometry.Meetings();
        var spread = new double[sums.Full.Length];
        var positions = (double)geometry.Rows * geometry.Columns;
        for (var index = 0; index < spread.Length; index++)
            spread[index] = sums.Totals[index / geometry.Taps] / positions * meetings[index % geometry.Taps];
        return spread;
    }
}
