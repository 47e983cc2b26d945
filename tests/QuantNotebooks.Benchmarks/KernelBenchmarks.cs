using BenchmarkDotNet.Attributes;
using QuantNotebooks.Equalization;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Benchmarks;

/// <summary>The hot kernels on one thread, on more memory than the caches hold, and beside them what memory gives.</summary>
public class KernelBenchmarks
{
    private static readonly int Count = Bandwidth.Values;

    private static readonly Quantizer Grid = Quantizer.Asymmetric(new ActivationRange(-1, 3), 8);

    private readonly float[] _full = new float[Count], _quantized = new float[Count], _third = new float[Count], _fourth = new float[Count];
    private ChannelLayout _rows, _columns;
    private ShiftSums _rowSums = null!, _columnSums = null!;
    private ValueSample _sample = null!;
    private ValueHistogram _histogram = null!;
    private CrossLayerEquations _equations = null!;

    /// <summary>What each benchmark is, beside what use of memory it stands, how many bytes it reads and writes, and the work itself.</summary>
    internal static IReadOnlyDictionary<string, (string Kernel, string Yardstick, Func<KernelBenchmarks, double> Bytes, Action<KernelBenchmarks> Work)> Kernels { get; } =
        new Dictionary<string, (string, string, Func<KernelBenchmarks, double>, Action<KernelBenchmarks>)>
        {
            [nameof(Triad)] = ("memory: triad a = b + s c", "", _ => 12.0 * Count, kernels => kernels.Triad()),
            [nameof(Scale)] = ("memory: in place a = s a", "", _ => 8.0 * Count, kernels => kernels.Scale()),
            [nameof(Sum)] = ("memory: sum of two arrays", "", _ => 8.0 * Count, kernels => kernels.Sum()),
            [nameof(RowStatistics)] = ("statistics of channels in rows (convolutions)", nameof(Sum), _ => 8.0 * Count, kernels => kernels.RowStatistics()),
            [nameof(ColumnStatistics)] = ("statistics of channels in columns (matrix products)", nameof(Sum), _ => 8.0 * Count, kernels => kernels.ColumnStatistics()),
            [nameof(FakeQuantization)] = ("fake quantization, in place", nameof(Scale), _ => 8.0 * Count, kernels => kernels.FakeQuantization()),
            [nameof(ClipOntoGrid)] = ("a layer's output on both sides: clip, and clip and fake quantization", nameof(Scale), _ => 16.0 * Count, kernels => kernels.ClipOntoGrid()),
            [nameof(RangeSearchOfWeights)] = ("range search, weights: error of one candidate", nameof(Sum), _ => 4.0 * Count, kernels => kernels.RangeSearchOfWeights()),
            [nameof(RangeSearchCounting)] = ("range search, activations: counting values", nameof(Sum), _ => 4.0 * Count, kernels => kernels.RangeSearchCounting()),
            [nameof(RangeSearchOfActivations)] = ("range search, activations: error of one candidate", nameof(Sum), _ => 8.0 * ValueHistogram.Bins, kernels => kernels.RangeSearchOfActivations()),
            [nameof(FactorSolve)] = ("factor solve: one application of the equations", nameof(Sum), kernels => 20.0 * kernels._equations.Size.Terms + 48.0 * kernels._equations.Size.Places, kernels => kernels.FactorSolve()),
        };

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        for (var index = 0; index < Bandwidth.Block; index++)
        {
            _full[index] = (float)(random.NextDouble() * 5 - 1.5);
            _quantized[index] = Grid.Apply(_full[index]);
        }
        // All blocks are alike: no kernel remembers the one before.
        for (var index = Bandwidth.Block; index < Count; index += Bandwidth.Block)
        {
            _full.AsSpan(0, Bandwidth.Block).CopyTo(_full.AsSpan(index));
            _quantized.AsSpan(0, Bandwidth.Block).CopyTo(_quantized.AsSpan(index));
        }
        _full.CopyTo(_third, 0);
        _full.CopyTo(_fourth, 0);
        // Batches of images of 128 channels of 64 x 64, and of 128 words of 4,096 features.
        var images = Count / (128 * 4096);
        (_rows, _columns) = (new ChannelLayout(images, 1, 128, 4096), new ChannelLayout(images, 128, 4096, 1));
        (_rowSums, _columnSums) = (new ShiftSums(_rows), new ShiftSums(_columns));
        _sample = new ValueSample(_full);
        _histogram = new ValueHistogram(new ActivationRange(-1.5f, 3.5f));
        _histogram.Add(_full);
        var problem = new FactorProblem(FactorTrace.Of(MobileNetV2.Create()));
        var weights = new LargestWeights(problem);
        weights.Find([.. Enumerable.Repeat(1.0, problem.Count)]);
        _equations = new CrossLayerEquations(problem, problem.Blocks, Math.Log(16), weights);
        _equations.Update(new double[problem.Count]);
    }

    [Benchmark]
    public void Triad() => Bandwidth.Triad(_third, _full, _quantized, 0.5f);

    [Benchmark]
    public void Scale() => Bandwidth.Scale(_third, -1);

    [Benchmark]
    public float Sum() => Bandwidth.Sum(_full, _quantized);

    [Benchmark]
    public void RowStatistics() => Statistics(_rows, _rowSums);

    [Benchmark]
    public void ColumnStatistics() => Statistics(_columns, _columnSums);

    [Benchmark]
    public void FakeQuantization() => Grid.Apply(_third, _third);

    [Benchmark]
    public void ClipOntoGrid()
    {
        var clip = new Pointwise { Activation = new Activation(ActivationKind.Clip, 0, 6) };
        clip.Run(_rows, 0, _rows.Channels, _fourth);
        (clip with { Grid = Grid }).Run(_rows, 0, _rows.Channels, _third);
    }

    [Benchmark]
    public double RangeSearchOfWeights() => _sample.MeanSquaredError(Grid);

    [Benchmark]
    public void RangeSearchCounting() => _histogram.Add(_full);

    [Benchmark]
    public double RangeSearchOfActivations() => _histogram.MeanSquaredError(Grid);

    [Benchmark]
    public double FactorSolve() => _equations.Residual();

    private void Statistics(ChannelLayout layout, ShiftSums sums)
    {
        var atOnce = layout.ChannelsAtOnce;
        for (var first = 0; first < layout.Channels; first += atOnce) sums.Add(first, Math.Min(atOnce, layout.Channels - first), _full, _quantized);
    }
}
