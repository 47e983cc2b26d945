using Plotly.NET.LayoutObjects;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>An axis of positive values: logarithmic where they span more than one and a half decades, else linear from zero.</summary>
internal static class LogAxis
{
    private const double DecadesOfLinear = 1.5;

    public static LinearAxis Of(string title, IEnumerable<double> values, params (string Name, object? Value)[] attributes)
    {
        var (low, high) = (double.PositiveInfinity, 0.0);
        foreach (var value in values)
        {
            if (!(value > 0) || double.IsInfinity(value)) continue;
            (low, high) = (Math.Min(low, value), Math.Max(high, value));
        }
        var axis = PlotlyNode.Axis(title, 8, attributes);
        return high > 0 && Math.Log10(high / low) > DecadesOfLinear
            ? PlotlyNode.With(axis, ("type", "log"), ("exponentformat", "power"), ("dtick", Math.Log10(high / low) > 2.5 ? 1 : (object)"D2"))
            : PlotlyNode.With(axis, ("rangemode", "tozero"), ("exponentformat", "power"));
    }

    /// <summary>The value with four digits; null, a gap, for zero and what is not finite, which have no place on a logarithmic axis.</summary>
    public static double? Value(double value) => value > 0 ? Text.NumberText.Rounded(value) : null;
}
