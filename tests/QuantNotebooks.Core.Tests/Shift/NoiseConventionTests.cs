using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Shift;

/// <summary>Each convention computed from raw values as its tool defines it, and the same figure converted from ours.</summary>
public sealed class NoiseConventionTests
{
    private readonly float[] _y = new float[4 * 3 * 10];
    private readonly float[] _q = new float[4 * 3 * 10];
    private readonly ShiftStatistics _statistics;

    public NoiseConventionTests()
    {
        var random = new Random(5);
        for (var index = 0; index < _y.Length; index++)
        {
            _y[index] = (float)(random.NextDouble() * 4 - 1);
            _q[index] = _y[index] + (float)(0.2 * random.NextDouble() - 0.05);
        }
        var accumulator = new ShiftAccumulator(3);
        accumulator.Add(new ChannelLayout(4, 1, 3, 10), _y, _q);
        _statistics = accumulator.ToStatistics();
    }

    private double Signal => _y.Sum(value => (double)value * value);

    private double Noise => _y.Zip(_q).Sum(pair => Math.Pow((double)pair.Second - pair.First, 2));

    [Fact]
    public void Decibels_are_ONNX_Runtimes()
    {
        var expected = 20 * Math.Log10(Math.Sqrt(Signal) / Math.Sqrt(Noise));
        Assert.Equal(expected, NoiseConventions.ToDecibels(_statistics.RootQnsr), 1e-9);
        Assert.Equal(expected, NoiseConventions.OnnxRuntimeDecibels(Math.Sqrt(Signal), Math.Sqrt(Noise)), 1e-9);
        Assert.Equal(_statistics.RootQnsr, NoiseConventions.FromDecibels(expected), 1e-12);
        // No noise at all: the double's epsilon, 2^-52, takes its place.
        Assert.Equal(20 * 52 * Math.Log10(2), NoiseConventions.OnnxRuntimeDecibels(1, 0), 1e-9);
    }

    [Fact]
    public void Ratios_of_powers_stand_both_ways()
    {
        Assert.Equal(Signal / Noise, NoiseConventions.ToLinear(_statistics.RootQnsr), 1e-6);
        Assert.Equal(Noise / Signal, NoiseConventions.ToNoiseToSignal(_statistics.RootQnsr), 1e-12);
        Assert.Equal(_statistics.RootQnsr, NoiseConventions.FromLinear(Signal / Noise), 1e-12);
        Assert.Equal(_statistics.RootQnsr, NoiseConventions.FromNoiseToSignal(Noise / Signal), 1e-12);
    }

    [Fact]
    public void Variance_nmse_divides_by_the_variance_of_all_values()
    {
        var mean = _y.Average(value => (double)value);
        var variance = _y.Average(value => Math.Pow(value - mean, 2));
        Assert.Equal(Noise / _y.Length / variance, NoiseConventions.VarianceNmse(_statistics), 1e-9);
    }

    [Fact]
    public void Rounding_alone_makes_an_error_of_about_0_289_steps()
    {
        // The first layer reads pixels, whose 8-bit grid they nearly lie on, and nothing else is rounded before its own output; no ReLU zeroes it.
        var network = TestData.Load(TestData.ResNet14);
        var last = network.Layers[^1];
        var scheme = QuantizationScheme.Int8PerTensor with { WeightBits = null, ActivationBits = 16, Bias = BiasPrecision.Float };
        var report = network.MeasureMeanShift(TestData.Calibration.Take(128), scheme);
        Assert.Equal(Math.Sqrt(report.Layers[last.Index].After.NoisePower / last.Channels) / report.Layers[last.Index].Step!.Value, NoiseConventions.RmseInSteps(report.Layers[last.Index])!.Value, 1e-12);
        Assert.InRange(NoiseConventions.RmseInSteps(report.Layers[0])!.Value, 0.2, 0.4);
    }

    [Fact]
    public void The_sheet_names_every_convention_once()
    {
        Assert.Equal(NoiseConventions.Sheet.Length, NoiseConventions.Sheet.Select(metric => metric.Name).Distinct().Count());
        Assert.Contains(NoiseConventions.Sheet, metric => metric.Source.Contains("PPQ", StringComparison.Ordinal));
    }
}
