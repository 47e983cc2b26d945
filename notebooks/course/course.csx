// What all lessons share: how exercises are checked, and a plot of a line. An exercise without an answer is no error, so that a notebook always runs to its end.
using Plotly.NET.CSharp;

/// <summary>Checks answers, and says what it found.</summary>
static class Exercise
{
    private static readonly SortedDictionary<string, bool?> Results = new(StringComparer.Ordinal);

    /// <summary>A number.</summary>
    /// <param name="name">Of the exercise, for example "2b".</param>
    /// <param name="yours">The answer; null while there is none.</param>
    /// <param name="expected">What the library finds.</param>
    /// <param name="within">By how much the answer may differ.</param>
    /// <param name="hint">What to think of when the answer is wrong.</param>
    public static MimeBundle Check(string name, double? yours, double expected, double within, string hint) =>
        Say(name, yours is { } answer ? Math.Abs(answer - expected) <= within : null, hint);

    /// <summary>A whole number, or one thing among several.</summary>
    public static MimeBundle Check<T>(string name, T? yours, T expected, string hint) where T : IEquatable<T> =>
        Say(name, yours is null ? null : yours.Equals(expected), hint);

    /// <summary>A function, tried on many inputs.</summary>
    public static MimeBundle Check<T>(string name, Func<T, double>? yours, Func<T, double> expected, IEnumerable<T> inputs, double within, string hint)
    {
        if (yours is null) return Say(name, null, hint);
        foreach (var input in inputs)
            if (!(Math.Abs(yours(input) - expected(input)) <= within))
                return Say(name, false, FormattableString.Invariant($"for {input} it gives {yours(input):G6}. {hint}"));
        return Say(name, true, hint);
    }

    /// <summary>How many are right; for the end of a notebook.</summary>
    public static MimeBundle Summary()
    {
        var (right, wrong) = (Results.Values.Count(result => result == true), Results.Values.Count(result => result == false));
        return Line(right == Results.Count ? "#00795c" : "#8a5a00", $"{right} of {Results.Count} exercises are right, {wrong} not yet, {Results.Count - right - wrong} without an answer.");
    }

    private static MimeBundle Say(string name, bool? right, string hint)
    {
        Results[name] = right;
        return right switch
        {
            true => Line("#00795c", $"Exercise {name}: right."),
            false => Line("#b3261e", $"Exercise {name}: not yet. {hint}"),
            null => Line("#8a5a00", $"Exercise {name}: no answer yet. Put yours in the cell above and run both cells."),
        };
    }

    private static MimeBundle Line(string colour, string text) => new(
        new MimePart(MimeBundle.Html, $"<div role=\"status\" style=\"border-left:4px solid {colour};padding:4px 10px;margin:4px 0\">{System.Net.WebUtility.HtmlEncode(text)}</div>"),
        new MimePart(MimeBundle.PlainText, text));
}

/// <summary>A line with a title and names at its axes.</summary>
static class Plot
{
    public static Plotly.NET.GenericChart Line(IEnumerable<double> x, IEnumerable<double> y, string xName, string yName, string title) =>
        Plotly.NET.Chart.withTitle(title, null).Invoke(Chart.Line<double, double, string>(x, y, ShowLegend: false)
            .WithXAxisStyle<double, double, string>(TitleText: xName).WithYAxisStyle<double, double, string>(TitleText: yName).WithSize(Height: 380));
}
