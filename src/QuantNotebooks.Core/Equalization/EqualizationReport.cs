using System.Collections.Immutable;
using System.Numerics.Tensors;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Equalization;

/// <summary>Turns classes and factors into what a user reads: groups between layers, and edges that were refused.</summary>
internal static class EqualizationReport
{
    /// <param name="problem">The blocks of the network before.</param>
    /// <param name="factors">One a class.</param>
    /// <param name="after">The network with the factors in its weights.</param>
    /// <param name="extrema">The quantized tensors' channels before, or null without images.</param>
    public static ImmutableArray<FactorGroup> Groups(FactorProblem problem, double[] factors, Network after, IReadOnlyList<ChannelExtrema>? extrema)
    {
        var (before, scaled) = (new (float[] Outputs, float[] Inputs)[problem.Layers.Length], new (float[] Outputs, float[] Inputs)[problem.Layers.Length]);
        Parallel.For(0, problem.Layers.Length, index =>
        {
            var (layer, axes) = (problem.Layers[index].Layer, problem.Layers[index].Axes);
            (before[index], scaled[index]) = (axes.Ranges(layer), axes.Ranges(after.Layers[layer.Index]));
        });
        var gains = before.Zip(scaled, (old, made) => Gains(old.Outputs, made.Outputs)).ToArray();
        var activations = extrema is null ? null : new ActivationSummary(problem, factors, extrema);
        return [.. problem.Blocks.Select(block => new FactorGroup(
            Names(problem, block.Producers), Names(problem, block.Consumers), [.. block.Classes.Select(index => factors[index])],
            new ChannelRanges(
                Typical(problem, block, made: true, layer => before[layer].Outputs), Typical(problem, block, made: true, layer => scaled[layer].Outputs)),
            new ChannelRanges(
                Typical(problem, block, made: false, layer => before[layer].Inputs), Typical(problem, block, made: false, layer => scaled[layer].Inputs)),
            activations?.RangesOf(block),
            [.. block.Classes.Select(index => problem.Producers[index].Min(end => gains[end.Layer][end.Channel]))],
            activations is null ? [] : [.. block.Classes.Select(activations.BitsGained)]))];
    }

    /// <summary>The bits of precision that each channel of a tensor gains: the logarithm of what its range grew by as a part of the whole tensor's.</summary>
    private static double[] Gains(float[] before, float[] after)
    {
        if (before.Length == 0) return [];
        var (all, allAfter) = ((double)TensorPrimitives.Max<float>(before), (double)TensorPrimitives.Max<float>(after));
        var gains = new double[before.Length];
        for (var channel = 0; channel < gains.Length; channel++) gains[channel] = Math.Log2(after[channel] / allAfter / (before[channel] / all));
        return gains;
    }

    /// <summary>Ranges of the values of each class, in all quantized tensors that its channels are part of.</summary>
    private sealed class ActivationSummary
    {
        private readonly double[] _factors;
        private readonly float[] _ranges;
        private readonly double[] _gains;

        public ActivationSummary(FactorProblem problem, double[] factors, IReadOnlyList<ChannelExtrema> extrema)
        {
            (_factors, _ranges, _gains) = (factors, new float[factors.Length], new double[factors.Length]);
            Array.Fill(_gains, double.PositiveInfinity);
            foreach (var tensor in extrema)
            {
                var classes = Array.ConvertAll(tensor.Classes, problem.IndexOf);
                var ranges = tensor.Maxima.Zip(tensor.Minima, (maximum, minimum) => Math.Max(maximum, -minimum)).ToArray();
                var scaled = ranges.Select((range, channel) => (float)(range * FactorProblem.FactorOf(factors, classes[channel]))).ToArray();
                var gains = Gains(ranges, scaled);
                for (var channel = 0; channel < classes.Length; channel++)
                {
                    var index = classes[channel];
                    if (index < 0) continue;
                    _ranges[index] = Math.Max(_ranges[index], ranges[channel]);
                    _gains[index] = Math.Min(_gains[index], gains[channel]);
                }
            }
        }

        public ChannelRanges RangesOf(FactorBlock block) => new(
            [.. block.Classes.Select(index => _ranges[index])], [.. block.Classes.Select(index => (float)(_ranges[index] * _factors[index]))]);

        public double BitsGained(int index) => double.IsPositiveInfinity(_gains[index]) ? double.NaN : _gains[index];
    }

    /// <summary>For every refused class: from each layer that makes its channels to each that reads them, or to the node that refuses.</summary>
    public static ImmutableArray<RefusedEdge> Refused(FactorTrace trace)
    {
        var classes = new SortedDictionary<int, (SortedSet<int> Makers, SortedSet<int> Readers)>();
        for (var layer = 0; layer < trace.Layers.Count; layer++)
        {
            foreach (var factorClass in trace.Layers[layer].Outputs)
                if (Ends(factorClass) is var (makers, _)) makers.Add(layer);
            foreach (var factorClass in trace.Layers[layer].Inputs)
                if (Ends(factorClass) is var (_, readers)) readers.Add(layer);
        }
        var edges = from entry in classes
                    let refusal = trace.Classes.RefusalOf(entry.Key)!
                    from maker in entry.Value.Makers.Count > 0 ? entry.Value.Makers.Select(Name) : [refusal.Node]
                    from reader in entry.Value.Readers.Count > 0 ? entry.Value.Readers.Select(Name) : [refusal.Node]
                    select new RefusedEdge(maker, reader, refusal.Reason);
        return [.. edges.Distinct()];

        string Name(int layer) => trace.Layers[layer].Layer.Name;

        (SortedSet<int> Makers, SortedSet<int> Readers)? Ends(int factorClass)
        {
            var root = trace.Classes.Find(factorClass);
            if (trace.Classes.RefusalOf(root) is null) return null;
            if (!classes.TryGetValue(root, out var ends)) classes[root] = ends = ([], []);
            return ends;
        }
    }

    private static ImmutableArray<string> Names(FactorProblem problem, ImmutableArray<int> layers) => [.. layers.Select(layer => problem.Layers[layer].Layer.Name)];

    /// <summary>The range of each class's channels in a layer, and of several layers the geometric mean of those above zero: what cross-layer equalization makes equal.</summary>
    private static ImmutableArray<float> Typical(FactorProblem problem, FactorBlock block, bool made, Func<int, float[]> rangesOf) =>
        [.. CrossLayer.MeanLogarithms(problem, block, made, rangesOf).Select(mean => double.IsNaN(mean) ? 0 : (float)Math.Exp(mean))];
}
