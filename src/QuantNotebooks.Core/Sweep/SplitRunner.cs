using System.Numerics.Tensors;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Sweep;

/// <summary>
/// Takes a layer's mean shift before the activation apart. A layer is linear, so the mean of what it gives is what it gives for the mean: a
/// batch's inputs are averaged over the batch axis first, position by position, and the layer runs on three means instead of on every image:
/// of x with the weights' change Wq - W, of x^ - x and of xq - x^ with Wq. Differences are formed before they are averaged, so each part keeps
/// its own relative precision. This is exact, padding included; only float32 rounding is left.
/// </summary>
internal sealed class SplitRunner : IDisposable
{
    private readonly Layer _layer;
    private readonly Quantizer? _inputGrid;
    private readonly TensorPool _pool;
    private readonly NodeRunner _change;
    private readonly NodeRunner _quantized;
    private readonly double[] _biasChange;

    /// <param name="graph">Holds the layer's nodes.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="reference">The same layer of the full-precision network.</param>
    /// <param name="weights">The layer's quantized weights.</param>
    /// <param name="bias">The quantized bias, one a channel.</param>
    /// <param name="inputGrid">The quantizer of the layer's input, or null where activations are not quantized.</param>
    /// <param name="pool">Memory for tensors.</param>
    public SplitRunner(Graph graph, Layer layer, Layer reference, float[] weights, float[] bias, Quantizer? inputGrid, TensorPool pool)
    {
        _layer = layer;
        _inputGrid = inputGrid;
        _pool = pool;
        var difference = new float[weights.Length];
        TensorPrimitives.Subtract(weights, reference.Weights, difference);
        _change = WithoutBias(graph, layer, difference, pool);
        _quantized = WithoutBias(graph, layer, weights, pool);
        _biasChange = new double[layer.Channels];
        for (var channel = 0; channel < bias.Length; channel++)
            _biasChange[channel] = (double)bias[channel] - (reference.HasBias ? reference.Bias[channel] : 0);
    }

    /// <summary>The parts for one batch.</summary>
    public ShiftParts Run(BatchPair input, long count, CancellationToken cancellation)
    {
        var shape = input.Full.Shape;
        // Of a matrix product with the constant on the left only axes before the last two tell images apart.
        var hasBatchAxis = shape.Length > 2 || _layer.ChannelsLast;
        var rows = hasBatchAxis ? (int)shape[0] : 1;
        long[] rowShape = hasBatchAxis ? [1, .. shape[1..]] : [1, .. shape];
        long[] pairShape = [2, .. rowShape[1..]];
        using var means = BatchTensor.Create(_pool, pairShape);
        using var changes = BatchTensor.Create(_pool, pairShape);
        var length = means.Floats.Length / 2;
        MeanInputs.Of(input, rows, _inputGrid, means.Floats[..length], changes.Floats[..length], changes.Floats[length..]);
        SpreadChannelMeans(means.Floats[..length], means.Floats[length..], rowShape);
        var (weights, predicted) = ChannelMeans(_change, means, cancellation);
        var (inputRounding, inherited) = ChannelMeans(_quantized, changes, cancellation);
        TensorPrimitives.Add(weights, _biasChange, weights);
        TensorPrimitives.Add(predicted, _biasChange, predicted);
        return new ShiftParts(count, weights, inputRounding, inherited, predicted);
    }

    public void Dispose()
    {
        _change.Dispose();
        _quantized.Dispose();
    }

    /// <summary>The layer with those weights and no bias.</summary>
    public static NodeRunner WithoutBias(Graph graph, Layer layer, float[] weights, TensorPool pool)
    {
        var bare = LayerEditor.Apply(graph, [new LayerChange(layer, weights, layer.HasBias ? new float[layer.Channels] : null)]);
        return new NodeRunner(bare, layer.LinearNodes, [layer.PreActivation], pool, default, shapesFollowInputs: true);
    }

    /// <summary>Each channel's mean over positions, at every position: the input that the first-order prediction knows.</summary>
    private void SpreadChannelMeans(ReadOnlySpan<float> map, Span<float> spread, long[] shape)
    {
        var axis = _layer.InputChannelAxis(shape.Length);
        var (channels, inner) = ((int)shape[axis], 1);
        for (var index = axis + 1; index < shape.Length; index++) inner *= (int)shape[index];
        var outer = map.Length / (channels * inner);
        for (var channel = 0; channel < channels; channel++)
        {
            var sum = 0.0;
            for (var index = 0; index < outer; index++)
                foreach (var value in map.Slice((index * channels + channel) * inner, inner)) sum += value;
            var mean = (float)(sum / ((double)outer * inner));
            for (var index = 0; index < outer; index++) spread.Slice((index * channels + channel) * inner, inner).Fill(mean);
        }
    }

    private (double[] First, double[] Second) ChannelMeans(NodeRunner runner, BatchTensor input, CancellationToken cancellation)
    {
        using var output = runner.Run([input], cancellation)[0];
        var layout = ChannelLayout.Of(_layer, output.Shape, images: 2);
        return (Means(0), Means(1));

        double[] Means(int image)
        {
            var means = new double[layout.Channels];
            var values = output.Floats.Slice(image * layout.ValuesPerImage, layout.ValuesPerImage);
            for (var item = 0; item < layout.Items; item++)
                for (var channel = 0; channel < layout.Channels; channel++)
                {
                    var sum = 0.0;
                    foreach (var value in values.Slice((item * layout.Channels + channel) * layout.Inner, layout.Inner)) sum += value;
                    means[channel] += sum;
                }
            TensorPrimitives.Divide(means, (double)layout.Items * layout.Inner, means);
            return means;
        }
    }
}
