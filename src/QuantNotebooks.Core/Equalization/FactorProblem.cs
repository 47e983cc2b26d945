using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Numerics.Tensors;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Equalization;

/// <summary>A channel of a layer.</summary>
internal readonly record struct Endpoint(int Layer, int Channel);

/// <summary>Free classes between the same layers: the channels of one tensor, or of several that meet.</summary>
/// <param name="Producers">Layers whose output channels are scaled.</param>
/// <param name="Consumers">Layers that read them.</param>
/// <param name="Classes">The classes.</param>
internal sealed record FactorBlock(ImmutableArray<int> Producers, ImmutableArray<int> Consumers, ImmutableArray<int> Classes);

/// <summary>
/// What a solver needs of a network: the free classes, which channels of which layers belong to each, and the largest |w| that connects each
/// output with each input channel.
/// </summary>
internal sealed class FactorProblem
{
    private readonly FactorTrace _trace;
    private readonly Dictionary<int, int> _indexOf = [];
    private readonly FrozenSet<int>[] _dead;
    private readonly bool[] _constant;
    private readonly int[] _members;
    private readonly float[]?[] _reduced;

    public FactorProblem(FactorTrace trace)
    {
        Layers = [.. trace.Layers];
        _trace = trace;
        var indexOf = _indexOf;
        Inputs = [.. Layers.Select(layer => Array.ConvertAll(layer.Inputs, Index))];
        Outputs = [.. Layers.Select(layer => Array.ConvertAll(layer.Outputs, Index))];
        Count = indexOf.Count;
        Roots = new int[Count];
        foreach (var (root, index) in indexOf) Roots[index] = root;
        Producers = Endpoints(Outputs);
        Consumers = Endpoints(Inputs);
        _dead = [.. Layers.Select(layer => layer.Layer.DeadChannels.Select(dead => dead.Channel).ToFrozenSet())];
        _constant = [.. Producers.Select(ends => ends.Length > 0 && ends.All(end => IsDead(end.Layer, end.Channel)))];
        Blocks = FindBlocks();
        _members = new int[Count];
        foreach (var block in Blocks)
            for (var member = 0; member < block.Classes.Length; member++) _members[block.Classes[member]] = member;
        _reduced = new float[]?[Layers.Length];
        Parallel.For(0, Layers.Length, layer => _reduced[layer] = Reduced(layer));

        int Index(int factorClass)
        {
            var root = trace.Classes.Find(factorClass);
            if (trace.Classes.RefusalOf(root) is not null) return -1;
            if (!indexOf.TryGetValue(root, out var index)) indexOf[root] = index = indexOf.Count;
            return index;
        }
    }

    /// <summary>The free class that a class of the trace is, or -1.</summary>
    public int IndexOf(int factorClass) => _indexOf.GetValueOrDefault(_trace.Classes.Find(factorClass), -1);

    /// <summary>Whether the output of a layer's channel never changes.</summary>
    public bool IsDead(int layer, int channel) => _dead[layer].Contains(channel);

    /// <summary>Whether all channels of a free class never change.</summary>
    public bool IsConstant(int index) => _constant[index];

    public bool IsDepthwise(int layer) => Layers[layer].Layer.Operator == LayerOperator.DepthwiseConv;

    /// <summary>Channels without a meaning may be scaled down this far: beyond it float32 weights on the other side lose their meaning too.</summary>
    public const double SmallestFactor = 1.0 / (1 << 20);

    /// <summary>Number of free classes.</summary>
    public int Count { get; }

    /// <summary>The class of the trace that each free class is.</summary>
    public int[] Roots { get; }

    public ImmutableArray<LayerClasses> Layers { get; }

    /// <summary>For each layer the free class of each input channel, or -1 where it must keep factor 1.</summary>
    public ImmutableArray<int[]> Inputs { get; }

    /// <summary>For each layer the free class of each output channel, or -1 where it must keep factor 1.</summary>
    public ImmutableArray<int[]> Outputs { get; }

    public ImmutableArray<Endpoint[]> Producers { get; }

    public ImmutableArray<Endpoint[]> Consumers { get; }

    /// <summary>Classes that have producers and consumers, in topological order of their first producer.</summary>
    public ImmutableArray<FactorBlock> Blocks { get; }

    /// <summary>For each class of a block the largest range of its channels in a layer; 0 without weights.</summary>
    public void Gather(FactorBlock block, int layer, bool made, ReadOnlySpan<float> ranges, Span<double> largest)
    {
        ReadOnlySpan<int> classes = (made ? Outputs : Inputs)[layer];
        largest.Clear();
        // Most often the channels are the classes of the block one by one.
        if (classes.SequenceEqual(block.Classes.AsSpan()))
        {
            for (var channel = 0; channel < ranges.Length; channel++)
                if (float.IsNormal(ranges[channel])) largest[channel] = ranges[channel];
            return;
        }
        for (var channel = 0; channel < ranges.Length; channel++)
        {
            if (classes[channel] < 0 || !float.IsNormal(ranges[channel])) continue;
            var member = _members[classes[channel]];
            if (member < block.Classes.Length && block.Classes[member] == classes[channel]) largest[member] = Math.Max(largest[member], ranges[channel]);
        }
    }

    /// <summary>max|w| of each output channel of a layer once weights are divided by the input's factors and multiplied by the output's.</summary>
    public float[] OutputRanges(int layer, ReadOnlySpan<double> factors) => Ranges(layer, factors, outputs: true);

    /// <summary>max|w| of the weights that read each input channel, scaled likewise.</summary>
    public float[] InputRanges(int layer, ReadOnlySpan<double> factors) => Ranges(layer, factors, outputs: false);

    /// <summary>
    /// For each output and input channel the weight that is largest in magnitude over the taps, without factors, [rows, columns]; 0 where a channel feeds its
    /// own class (a convolution whose input is added to its output), for no factor changes that weight. Signs mean nothing.
    /// </summary>
    public ReadOnlySpan<float> Weights(int layer) => _reduced[layer] is { } reduced ? reduced : Layers[layer].Layer.Weights;

    /// <summary>What the weights' rows and columns are multiplied by: the factors of outputs, and the inverse ones of inputs.</summary>
    public (float[] Rows, float[] Columns) RowAndColumnFactors(int layer, ReadOnlySpan<double> factors)
    {
        var axes = Layers[layer].Axes;
        var (produced, read) = (new float[axes.Outputs], new float[axes.Inputs]);
        for (var channel = 0; channel < produced.Length; channel++) produced[channel] = (float)FactorOf(factors, Outputs[layer][channel]);
        for (var channel = 0; channel < read.Length; channel++) read[channel] = (float)(1 / FactorOf(factors, Inputs[layer][channel]));
        return axes.RowsAreOutputs ? (produced, read) : (read, produced);
    }

    private float[] Ranges(int layer, ReadOnlySpan<double> factors, bool outputs)
    {
        var axes = Layers[layer].Axes;
        var (rows, columns) = RowAndColumnFactors(layer, factors);
        var perRow = outputs == axes.RowsAreOutputs;
        var ranges = new float[perRow ? axes.Rows : axes.Columns * axes.Groups];
        var weights = Weights(layer);
        if (axes.IsDiagonal)
        {
            TensorPrimitives.Multiply(weights, columns, ranges);
            TensorPrimitives.Multiply(ranges, rows, ranges);
            TensorPrimitives.Abs(ranges, ranges);
            return ranges;
        }
        for (var row = 0; row < axes.Rows; row++)
        {
            var values = weights.Slice(row * axes.Columns, axes.Columns);
            var first = axes.FirstColumnChannel(row);
            if (perRow) ranges[row] = rows[row] * LargestProducts.Of(values, columns.AsSpan(first, axes.Columns));
            else LargestProducts.Keep(ranges.AsSpan(first, axes.Columns), values, rows[row]);
        }
        if (perRow) return ranges;
        for (var channel = 0; channel < ranges.Length; channel++) ranges[channel] *= columns[channel];
        return ranges;
    }

    public static double FactorOf(ReadOnlySpan<double> factors, int index) => index < 0 ? 1 : factors[index];

    /// <summary>A layer's weights where they are not the network's own, which need no copy.</summary>
    private float[]? Reduced(int index)
    {
        var axes = Layers[index].Axes;
        var feedsItself = Outputs[index].Any(made => made >= 0 && Array.IndexOf(Inputs[index], made) >= 0);
        if (axes.Taps == 1 && !feedsItself) return null;
        var magnitudes = axes.Magnitudes(Layers[index].Layer);
        if (!feedsItself) return magnitudes;
        for (var row = 0; row < axes.Rows; row++)
            for (var column = 0; column < axes.Columns; column++)
            {
                var (output, input) = Ends(index, row, column);
                if (output == input && output >= 0) magnitudes[row * axes.Columns + column] = 0;
            }
        return magnitudes;
    }

    /// <summary>The classes that a weight connects.</summary>
    private (int Output, int Input) Ends(int layer, int row, int column)
    {
        var axes = Layers[layer].Axes;
        var other = axes.FirstColumnChannel(row) + column;
        return axes.RowsAreOutputs ? (Outputs[layer][row], Inputs[layer][other]) : (Outputs[layer][other], Inputs[layer][row]);
    }

    private ImmutableArray<Endpoint[]> Endpoints(ImmutableArray<int[]> classes)
    {
        var endpoints = new List<Endpoint>[Count];
        for (var index = 0; index < Count; index++) endpoints[index] = [];
        for (var layer = 0; layer < classes.Length; layer++)
            for (var channel = 0; channel < classes[layer].Length; channel++)
                if (classes[layer][channel] >= 0) endpoints[classes[layer][channel]].Add(new Endpoint(layer, channel));
        return [.. endpoints.Select(list => list.ToArray())];
    }

    private ImmutableArray<FactorBlock> FindBlocks()
    {
        var blocks = new Dictionary<string, (ImmutableArray<int> Producers, ImmutableArray<int> Consumers, List<int> Classes)>();
        var (last, lastClasses) = (-1, new List<int>());
        for (var index = 0; index < Count; index++)
        {
            if (Producers[index].Length == 0 || Consumers[index].Length == 0) continue;
            // The channels of a tensor follow one another, so most classes lie between the same layers as the one before.
            if (last < 0 || !HaveSameLayers(Producers[index], Producers[last]) || !HaveSameLayers(Consumers[index], Consumers[last])) lastClasses = ClassesLike(index);
            last = index;
            lastClasses.Add(index);
        }
        return [.. blocks.Values.OrderBy(block => block.Producers[0]).Select(block => new FactorBlock(block.Producers, block.Consumers, [.. block.Classes]))];

        List<int> ClassesLike(int index)
        {
            ImmutableArray<int> producers = [.. Producers[index].Select(end => end.Layer).Distinct()];
            ImmutableArray<int> consumers = [.. Consumers[index].Select(end => end.Layer).Distinct()];
            var key = string.Join(',', producers) + ">" + string.Join(',', consumers);
            if (!blocks.TryGetValue(key, out var block)) blocks[key] = block = (producers, consumers, []);
            return block.Classes;
        }
    }

    private static bool HaveSameLayers(Endpoint[] ends, Endpoint[] others)
    {
        if (ends.Length != others.Length) return false;
        for (var index = 0; index < ends.Length; index++)
            if (ends[index].Layer != others[index].Layer) return false;
        return true;
    }
}
