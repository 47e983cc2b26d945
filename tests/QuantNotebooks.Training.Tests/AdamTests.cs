namespace QuantNotebooks.Training.Tests;

/// <summary>Adam against its paper.</summary>
public sealed class AdamTests
{
    [Fact]
    public void Steps_follow_the_algorithm()
    {
        var adam = new Adam([1, 2]);
        float[] values = [1, -2];
        var (first, second, expected) = (new double[2], new double[2], new double[] { 1, -2 });
        var random = new Random(1);
        for (var step = 1; step <= 50; step++)
        {
            float[] gradient = [(float)random.NextDouble(), (float)(random.NextDouble() - 0.5) * 100];
            adam.Begin();
            adam.Move(1, values, gradient, [1], 0.01);
            for (var index = 0; index < 2; index++)
            {
                // arXiv 1412.6980, algorithm 1, in double.
                first[index] = 0.9 * first[index] + 0.1 * gradient[index];
                second[index] = 0.999 * second[index] + 0.001 * gradient[index] * gradient[index];
                expected[index] -= 0.01 * (first[index] / (1 - Math.Pow(0.9, step))) / (Math.Sqrt(second[index] / (1 - Math.Pow(0.999, step))) + 1e-8);
                Assert.Equal(expected[index], values[index], 1e-5);
            }
        }
    }

    [Fact]
    public void The_first_step_is_as_long_as_the_rate_whatever_the_gradient()
    {
        var adam = new Adam([3]);
        float[] values = [0, 0, 0];
        adam.Begin();
        adam.Move(0, values, [1e-3f, -1e3f, 0], [1], 0.25);
        Assert.Equal(-0.25f, values[0], 1e-4f);
        Assert.Equal(0.25f, values[1], 1e-4f);
        Assert.Equal(0, values[2]);
    }

    [Fact]
    public void Units_make_training_the_same_whatever_the_scale_of_a_value()
    {
        // f(x) = g(x / u): the same function of x / u has the gradient g' / u, and x must move u times as far.
        var (plain, scaled) = (new Adam([2]), new Adam([2]));
        float[] values = [1, -2], inUnits = [1 * 64f, -2 * 0.125f];
        var random = new Random(2);
        for (var step = 0; step < 20; step++)
        {
            float[] gradient = [(float)random.NextDouble() - 0.5f, (float)random.NextDouble() - 0.5f];
            plain.Begin();
            scaled.Begin();
            plain.Move(0, values, gradient, [1, 1], 0.01);
            scaled.Move(0, inUnits, [gradient[0] / 64, gradient[1] / 0.125f], [64, 0.125f], 0.01);
        }
        Assert.Equal(values[0], inUnits[0] / 64, 1e-6f);
        Assert.Equal(values[1], inUnits[1] / 0.125f, 1e-6f);
    }
}
