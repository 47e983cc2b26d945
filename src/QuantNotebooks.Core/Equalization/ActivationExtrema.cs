using System.Numerics.Tensors;
using QuantNotebooks.Images;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Equalization;

/// <summary>The smallest and the largest value that one channel of a quantized tensor takes, each widened to hold zero as a grid is.</summary>
/// <param name="Tensor">The tensor's name.</param>
/// <param name="Classes">The factor class of each channel.</param>
/// <param name="Minima">One a channel, at most 0.</param>
/// <param name="Maxima">One a channel, at least 0.</param>
internal sealed record ChannelExtrema(string Tensor, int[] Classes, float[] Minima, float[] Maxima);

/// <summary>What a pass of the full-precision network over the images finds: the ranges of the channels that factors can scale, and its outputs.</summary>
internal sealed class ActivationExtrema
{
    /// <summary>Outputs are kept up to this many values (64 MB), so that the network need not run again to be compared with.</summary>
    private const long MostValues = 1 << 24;

    private ActivationExtrema(List<ChannelExtrema> tensors, KnownOutputs? outputs) => (Tensors, Outputs) = (tensors, outputs);

    /// <summary>The extrema over the images of every quantized tensor whose channels have factors.</summary>
    public List<ChannelExtrema> Tensors { get; }

    /// <summary>The outputs, or null where there are too many, or where the network's own are others than its full-precision reference's.</summary>
    public KnownOutputs? Outputs { get; }

    /// <param name="trace">The classes.</param>
    /// <param name="images">The images.</param>
    /// <param name="settings">How ONNX Runtime runs the network.</param>
    /// <param name="progress">Told which batch is under way.</param>
    /// <param name="cancellation">Stops within a batch.</param>
    public static ActivationExtrema Measure(FactorTrace trace, ImageSet images, SessionSettings settings, IProgress<SweepProgress>? progress, CancellationToken cancellation)
    {
        var network = trace.Network.FloatReference;
        var found = new Dictionary<string, (int Axis, ChannelExtrema Extrema)>();
        foreach (var tensor in QuantizerPlacement.Of(network, QuantizationScheme.Int8PerTensor).Tensors)
            if (trace.Maps.TryGetValue(tensor, out var map) && SoleAxis(map) is { } axis)
            {
                var size = map.Extents[axis];
                found[tensor] = (axis, new ChannelExtrema(tensor, map.Classes.ToArray(), new float[size], new float[size]));
            }
        var model = network.ToModel();
        var own = model.Graph.Output.Count;
        foreach (var name in found.Keys.Where(name => model.Graph.Output.All(output => output.Name != name))) model.Graph.Output.Add(new ValueInfoProto { Name = name });
        var batches = new ImageBatches(network, images);
        var workers = BatchWorkers.For(batches, MemoryBudget.Default.Bytes);
        settings = settings with { Threads = workers.ThreadsEach };
        var session = OnnxSession.Create(model, network.Name, settings, cancellation);
        var pool = new TensorPool();
        var reader = batches.Open(pool, cancellation);
        var (kept, values) = (new float[]?[batches.Count][], 0L);
        using var stop = new BatchStop(keepDone: false, cancellation);
        try
        {
            workers.ForEach(batches, "ranges, all layers at once", progress, batch =>
            {
                using var input = reader.Take(batch);
                var tensors = session.Run([input.Value], cancellation).Select(BatchTensor.Own).ToArray();
                for (var index = 0; index < tensors.Length; index++)
                {
                    if (!found.TryGetValue(session.OutputNames[index], out var entry)) continue;
                    Calibration.ExtremaOf(session.OutputNames[index], tensors[index].Floats, network, images);
                    lock (entry.Extrema) Extend(entry.Extrema, tensors[index].Floats, tensors[index].Shape, entry.Axis);
                }
                if (Interlocked.Add(ref values, tensors[..own].Sum(tensor => tensor.IsFloat ? tensor.Floats.Length : 0L)) <= MostValues)
                    kept[batch] = [.. tensors[..own].Select(tensor => tensor.IsFloat ? tensor.Floats.ToArray() : null)];
                foreach (var tensor in tensors) tensor.Dispose();
            }, stop);
        }
        finally
        {
            workers.WhenIdle(() =>
            {
                reader.Dispose();
                pool.Dispose();
                session.Dispose();
            });
        }
        return new ActivationExtrema(
            [.. found.Values.Select(entry => entry.Extrema)], values <= MostValues && ReferenceEquals(network, trace.Network) ? new KnownOutputs(settings, kept) : null);
    }

    private static int? SoleAxis(FactorMap map)
    {
        var varying = Enumerable.Range(0, map.Rank).Where(map.VariesAlong).ToArray();
        return varying.Length == 1 ? varying[0] : null;
    }

    private static void Extend(ChannelExtrema extrema, ReadOnlySpan<float> values, ReadOnlySpan<long> shape, int axis)
    {
        var channels = extrema.Minima.Length;
        var inner = 1;
        for (var after = axis + 1; after < shape.Length; after++) inner *= (int)shape[after];
        for (var start = 0; start < values.Length; start += channels * inner)
        {
            if (inner == 1)
            {
                TensorPrimitives.Min(extrema.Minima, values.Slice(start, channels), extrema.Minima);
                TensorPrimitives.Max(extrema.Maxima, values.Slice(start, channels), extrema.Maxima);
                continue;
            }
            for (var channel = 0; channel < channels; channel++)
            {
                var positions = values.Slice(start + channel * inner, inner);
                extrema.Minima[channel] = Math.Min(extrema.Minima[channel], TensorPrimitives.Min(positions));
                extrema.Maxima[channel] = Math.Max(extrema.Maxima[channel], TensorPrimitives.Max(positions));
            }
        }
    }
}
