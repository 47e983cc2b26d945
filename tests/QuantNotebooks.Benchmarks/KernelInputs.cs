using System.Globalization;
using System.Text;
using QuantNotebooks.Equalization;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Benchmarks;

/// <summary>Where the time of the kernels goes that memory does not bound: the same work on inputs that take one of its costs away.</summary>
internal static class KernelInputs
{
    private const int Count = 1 << 24;
    private const int Rounds = 7;

    public static string Measure()
    {
        var (full, quantized) = (new float[Count], new float[Count]);
        var random = new Random(1);
        for (var index = 0; index < Count; index++) (full[index], quantized[index]) = ((float)random.NextDouble(), (float)random.NextDouble());
        var table = new StringBuilder("| kernel | input | ns a value |\n|---|---|---:|\n");
        foreach (var channels in (int[])[64, 256, 1024, 4096, 16384])
        {
            var layout = new ChannelLayout(32, Count / 32 / channels, channels, 1);
            var sums = new ShiftSums(layout);
            Row("statistics of channels in columns", $"{channels} channels, items {channels * sizeof(float)} bytes apart", Count, () =>
            {
                for (var first = 0; first < channels; first += layout.ChannelsAtOnce) sums.Add(first, Math.Min(layout.ChannelsAtOnce, channels - first), full, quantized);
            });
        }
        Counting("spread evenly over all bins", _ => (float)random.NextDouble());
        Counting("in 64 bins: every counter in the first cache", _ => (float)(random.NextDouble() * 64 / ValueHistogram.Bins));
        Counting("in 8 bins, one after the other: every counter near, none twice in a row", index => (index % 8 + 0.5f) / ValueHistogram.Bins);
        Counting("in one bin: each count waits for the one before", _ => 0.5f);
        foreach (var network in (Network[])[Data.Network("mobilenet-v2-fashion"), MobileNetV2.Create()])
        {
            var problem = new FactorProblem(FactorTrace.Of(network));
            var weights = new LargestWeights(problem);
            weights.Find([.. Enumerable.Repeat(1.0, problem.Count)]);
            var equations = new CrossLayerEquations(problem, problem.Blocks, Math.Log(16), weights);
            equations.Update(new double[problem.Count]);
            const int times = 500;
            Row("factor equations, a term", $"{network.Name}: {equations.Size.Terms} terms of {equations.Size.Places} classes", times * equations.Size.Terms, () =>
            {
                for (var time = 0; time < times; time++) equations.Residual();
            });
        }
        return table.ToString();

        void Counting(string input, Func<int, float> value)
        {
            for (var index = 0; index < Count; index++) full[index] = value(index);
            var histogram = new ValueHistogram(new ActivationRange(0, 1));
            Row("range search: counting values", input, Count, () => histogram.Add(full));
        }

        void Row(string kernel, string input, long values, Action work) =>
            table.AppendLine(string.Create(CultureInfo.InvariantCulture, $"| {kernel} | {input} | {1e9 * Stopwatches.Medians(Rounds, work)[0].Wall / values:F2} |"));
    }
}
