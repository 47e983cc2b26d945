using CsCheck;
using QuantNotebooks.Equalization;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Core.Tests.Equalization;

/// <summary>
/// Whatever factors the free classes of a graph get, its function stays: bit for bit with powers of two, to float rounding with others. Factors are
/// drawn at random here, so that no choice of a method hides a wrong class.
/// </summary>
public sealed class ExactnessTests
{
    private static int graphsWithFactors;

    // Node by node: which nodes ONNX Runtime fuses, and with that the order in which it adds, depends on how a clip is written.
    private static Dictionary<string, float[]> Outputs(ModelProto model, float[] input) =>
        ModelRun.Tensors(model, input, RandomGraph.InputShape, optimize: false).ToDictionary(pair => pair.Key, pair => pair.Value.Values);

    // Activations are near 1. An output far below that went through a gate that is nearly shut: ONNX Runtime's sigmoid is right to 3e-8 of 1, not of itself.
    private static double Difference(float[] expected, float[] actual) =>
        ModelRun.RelativeDifference(expected, actual) * Math.Min(1, expected.Max(Math.Abs) / 1e-2);

    internal static ModelProto Scaled(Network network, Func<double> draw, out int free)
    {
        var trace = FactorTrace.Of(network);
        var factors = new Dictionary<int, double>();
        var scaled = new FactorApplication(trace, factorClass =>
        {
            var root = trace.Classes.Find(factorClass);
            if (trace.Classes.RefusalOf(root) is not null) return 1;
            if (!factors.TryGetValue(root, out var factor)) factors[root] = factor = draw();
            return factor;
        }).Apply().ToModel();
        free = factors.Count;
        return scaled;
    }

    /// <summary>The network with every weight and bias one float up or down.</summary>
    private static ModelProto Jittered(Network network, Random random)
    {
        return network.With(network.Layers.Select(layer => new LayerChange(layer, Moved(layer.Weights), layer.HasBias ? Moved(layer.Bias) : null)), network.Facts).ToModel();

        float[] Moved(ReadOnlySpan<float> values)
        {
            var moved = values.ToArray();
            foreach (ref var value in moved.AsSpan())
                if (value != 0) value = random.Next(2) == 0 ? MathF.BitIncrement(value) : MathF.BitDecrement(value);
            return moved;
        }
    }

    [Fact]
    public void Random_graphs_keep_their_function()
    {
        graphsWithFactors = 0;
        Gen.Select(Gen.Int[0, RandomGraph.Kinds - 1].Array[1, 9], Gen.Int[0, 1 << 20]).Sample((pieces, seed) =>
        {
            var model = RandomGraph.Build(pieces, seed);
            var network = Network.FromModel(model, new NetworkFacts("random", "random.onnx"), LoadOptions.Default);
            var (random, jitter) = (new Random(seed), new Random(~seed));
            var input = RandomGraph.Input(seed);
            var expected = Outputs(network.ToModel(), input);
            // Where values cancel, factors that round each weight at both ends by up to 6e-8 show more; what an input moved by 1e-6, and weights moved by 1.2e-7, do
            // says how much. A wrong class differs by its whole factor.
            IReadOnlyDictionary<string, float[]>[] moved =
            [
                Outputs(network.ToModel(), [.. input.Select((value, index) => index % 2 == 0 ? value * (1 + 1e-6f) : value * (1 - 1e-6f))]),
                Outputs(Jittered(network, jitter), input), Outputs(Jittered(network, jitter), input),
            ];
            var exact = Outputs(Scaled(network, () => Math.ScaleB(1, random.Next(-4, 5)), out var free), input);
            var rounded = Outputs(Scaled(network, () => Math.Exp(random.NextDouble() * 5 - 2.5), out _), input);
            if (free > 0) Interlocked.Increment(ref graphsWithFactors);
            foreach (var (name, values) in expected)
            {
                Assert.Equal(values, exact[name]);
                if (values.All(value => value == 0)) Assert.Equal(values, rounded[name]);
                else Assert.InRange(Difference(values, rounded[name]), 0, Math.Max(1e-5, 4 * moved.Max(other => Difference(values, other[name]))));
            }
        }, iter: LongRun.Cases(800));
        Assert.True(graphsWithFactors > 500, $"only {graphsWithFactors} graphs had a free class");
    }
}
