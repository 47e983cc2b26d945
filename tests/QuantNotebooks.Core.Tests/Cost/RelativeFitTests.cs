using QuantNotebooks.Benchmarks.Cost;

namespace QuantNotebooks.Core.Tests.Cost;

/// <summary>The fit behind the model of cost, on runs that a made-up machine would take.</summary>
public sealed class RelativeFitTests
{
    private static readonly double[] Machine = [0.3, 8e-11, 2e-9, 1e-7];

    [Fact]
    public void A_machine_is_found_again_and_what_larger_work_takes()
    {
        var runs = Runs(12).Select(counts => (counts, Took(counts))).ToArray();
        var fitted = RelativeFit.Of(runs);
        double[] larger = [1, 1e12, 1e8, 1e8];
        Assert.Equal(1, Took(larger, fitted) / Took(larger), 3);
        foreach (var (found, made) in fitted.Zip(Machine)) Assert.Equal(1, found / made, 2);
    }

    [Fact]
    public void A_tenth_of_noise_in_the_runs_is_less_than_a_tenth_in_the_prediction()
    {
        var noise = new Random(5);
        var fitted = RelativeFit.Of([.. Runs(12).Select(counts => (counts, Took(counts) * (0.9 + 0.2 * noise.NextDouble())))]);
        double[] larger = [1, 1e12, 1e8, 1e8];
        Assert.InRange(Took(larger, fitted) / Took(larger), 0.9, 1.1);
    }

    [Fact]
    public void What_would_have_to_be_negative_is_nothing()
    {
        var fitted = RelativeFit.Of([([1, 1], 1.0), ([1, 2], 0.9), ([1, 4], 0.7)]);
        Assert.Equal(0, fitted[1]);
        Assert.InRange(fitted[0], 0.7, 1.0);
    }

    /// <summary>Works in which now this and now that is most.</summary>
    private static IEnumerable<double[]> Runs(int count)
    {
        var random = new Random(1);
        for (var run = 0; run < count; run++) yield return [1, Math.Pow(10, 8 + 3 * random.NextDouble()), Math.Pow(10, 6 + 2 * random.NextDouble()), Math.Pow(10, 5 + 2 * random.NextDouble())];
    }

    private static double Took(double[] counts, double[]? machine = null) => counts.Zip(machine ?? Machine, (one, other) => one * other).Sum();
}
