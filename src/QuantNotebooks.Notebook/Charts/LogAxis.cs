using Plotly.NET.LayoutObjects;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>An axis of positive values: logarithmic where they span more than one and a half decades, else linear from zero.</summary>
internal static class LogAxis
{
    private const double DecadesOfLinear = 1.5;

    /// <summary>Over more than these a tick for each power of ten is enough.</summary>
    private const double DecadesOfPowers = 2.5;

    public static LinearAxis Of(string title, IEnumerable<double> values, params (string Name, object? Value)[] attributes) =>
        Of(title, Extent(values), attributes);

    /// <summary>The same for bars, which begin a little below the smallest where the axis is logarithmic.</summary>
    public static LinearAxis OfBars(string title, IEnumerable<double> values, params (string Name, object? Value)[] attributes)
    {
        var extent = Extent(values);
        var axis = Of(title, extent, attributes);
        return IsLogarithmic(extent) ? PlotlyNode.With(axis, ("range", new[] { Math.Log10(extent.Low) - 0.3, Math.Log10(extent.High) + 0.1 })) : axis;
    }

    private static LinearAxis Of(string title, (double Low, double High) extent, (string Name, object? Value)[] attributes)
    {
        var axis = PlotlyNode.Axis(title, 8, attributes);
        if (!IsLogarithmic(extent)) return PlotlyNode.With(axis, ("rangemode", "tozero"), ("exponentformat", "power"));
        PlotlyNode.With(axis, ("type", "log"), ("exponentformat", "power"));
        return Decades(extent) > DecadesOfPowers ? PlotlyNode.With(axis, ("dtick", 1)) : Named(axis, extent.Low, extent.High);
    }

    private static bool IsLogarithmic((double Low, double High) extent) => extent.High > 0 && Decades(extent) > DecadesOfLinear;

    private static double Decades((double Low, double High) extent) => Math.Log10(extent.High / extent.Low);

    /// <summary>The smallest and the largest of the values that have a place on a logarithmic axis.</summary>
    private static (double Low, double High) Extent(IEnumerable<double> values)
    {
        var (low, high) = (double.PositiveInfinity, 0.0);
        foreach (var value in values)
        {
            if (!(value > 0) || double.IsInfinity(value)) continue;
            (low, high) = (Math.Min(low, value), Math.Max(high, value));
        }
        return (low, high);
    }

    /// <summary>Ticks at 1, 2 and 5 times powers of ten, each with its whole number: left to itself Plotly writes the 2 and the 5 alone.</summary>
    private static LinearAxis Named(LinearAxis axis, double low, double high)
    {
        double[] ticks =
        [
            .. from power in Enumerable.Range((int)Math.Floor(Math.Log10(low)) - 1, (int)Math.Ceiling(DecadesOfPowers) + 4)
               from digit in new[] { 1, 2, 5 }
               let tick = double.Parse($"{digit}e{power}", System.Globalization.CultureInfo.InvariantCulture)
               where tick >= low / 5 && tick <= high * 5
               select tick,
        ];
        return PlotlyNode.With(axis, ("tickmode", "array"), ("tickvals", ticks), ("ticktext", Array.ConvertAll(ticks, tick => Text.NumberText.Significant(tick, 1))));
    }

    /// <summary>The value with four digits; null, a gap, for zero and what is not finite, which have no place on a logarithmic axis.</summary>
    public static double? Value(double value) => value > 0 ? Text.NumberText.Rounded(value) : null;
}
