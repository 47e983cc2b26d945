namespace QuantNotebooks.Training;

/// <summary>
/// The Adam optimizer (Kingma and Ba, arXiv 1412.6980, algorithm 1): m and v are running means of the gradient and of its square, corrected for
/// their start at zero; each value moves by rate m / (sqrt(v) + epsilon). Each value counts in a unit of its own: the steps are those of Adam on
/// value / unit, so that a network computes the same after every step however equalization scaled its channels.
/// </summary>
internal sealed class Adam
{
    private const double FirstDecay = 0.9;
    private const double SecondDecay = 0.999;
    private const double Epsilon = 1e-8;

    /// <param name="lengths">Number of values in each tensor.</param>
    public Adam(IEnumerable<int> lengths)
    {
        First = [.. lengths.Select(length => new float[length])];
        Second = [.. First.Select(values => new float[values.Length])];
    }

    /// <summary>Running mean of the gradient, a tensor.</summary>
    public float[][] First { get; }

    /// <summary>Running mean of the gradient's square, a tensor.</summary>
    public float[][] Second { get; }

    /// <summary>Steps begun.</summary>
    public int Steps { get; set; }

    /// <summary>Begins a step, in which every tensor moves once.</summary>
    public void Begin() => Steps++;

    /// <summary>Moves one tensor against its gradient.</summary>
    /// <param name="tensor">Which one.</param>
    /// <param name="values">Its values.</param>
    /// <param name="gradient">The loss's gradient with regard to them.</param>
    /// <param name="units">The values' units: one for each, or one for all.</param>
    /// <param name="rate">The learning rate, in units.</param>
    public void Move(int tensor, Span<float> values, ReadOnlySpan<float> gradient, ReadOnlySpan<float> units, double rate)
    {
        var (first, second) = (First[tensor], Second[tensor]);
        var firstScale = 1 / (1 - Math.Pow(FirstDecay, Steps));
        var secondScale = 1 / (1 - Math.Pow(SecondDecay, Steps));
        for (var index = 0; index < values.Length; index++)
        {
            double unit = units[units.Length == 1 ? 0 : index];
            var slope = gradient[index] * unit;
            var mean = FirstDecay * first[index] + (1 - FirstDecay) * slope;
            var square = SecondDecay * second[index] + (1 - SecondDecay) * slope * slope;
            (first[index], second[index]) = ((float)mean, (float)square);
            values[index] -= (float)(rate * unit * mean * firstScale / (Math.Sqrt(square * secondScale) + Epsilon));
        }
    }
}
