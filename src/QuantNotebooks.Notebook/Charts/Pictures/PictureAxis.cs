using System.Globalization;
using System.Text.Json;

namespace QuantNotebooks.Notebook.Charts.Pictures;

/// <summary>One axis of the picture: its range, where it lies, its ticks. Linear, logarithmic, or of names.</summary>
internal sealed class PictureAxis
{
    private const string GridColour = "#dfe2e6";
    private const string ZeroColour = "#9aa1a9";
    private const double TickLength = 4;

    private readonly bool _isLogarithmic;
    private readonly double _from, _to, _domainFrom, _domainTo, _labelSize;
    private readonly double[] _ticks;
    private readonly string[][] _labels;
    private readonly string[] _title;
    private readonly bool _rotated, _showGrid, _showZero, _showLabels;
    private readonly List<string> _names;

    private PictureAxis(string id, JsonElement axis, IReadOnlyList<(double Low, double High)> extents, List<string> names)
    {
        Id = id;
        IsHorizontal = id[0] == 'x';
        Anchor = axis.Child("anchor").Text() ?? (IsHorizontal ? "y" : "x");
        _names = names;
        _isLogarithmic = axis.Child("type").Text() == "log";
        (_from, _to) = Range(axis, extents);
        var domain = axis.Child("domain").Items().Select(end => end.Number() ?? 0).ToArray();
        (_domainFrom, _domainTo) = domain.Length == 2 ? (domain[0], domain[1]) : (0, 1);
        _ticks = Ticks(axis);
        _labels = Labels(axis);
        _title = axis.Child("title") is { ValueKind: JsonValueKind.Object } title && title.Child("text").Text() is { Length: > 0 } text ? SvgCanvas.Lines(text) : [];
        _labelSize = Math.Min(axis.Child("tickfont").Child("size").Number() ?? 11, 11);
        _rotated = IsHorizontal && axis.Child("tickangle").Number() is { } angle && Math.Abs(angle) > 45;
        _showGrid = axis.Child("showgrid").ValueKind != JsonValueKind.False && axis.Child("visible").ValueKind != JsonValueKind.False;
        _showZero = _showGrid && !_isLogarithmic && names.Count == 0 && axis.Child("zeroline").ValueKind != JsonValueKind.False;
        _showLabels = axis.Child("showticklabels").ValueKind != JsonValueKind.False && axis.Child("visible").ValueKind != JsonValueKind.False;
    }

    public string Id { get; }

    public bool IsHorizontal { get; }

    /// <summary>The other axis of the plot, at whose start the labels stand.</summary>
    public string Anchor { get; }

    /// <summary>Pixel of the range's first and last value; for a vertical axis Start is the lower edge.</summary>
    public double Start { get; private set; }

    public double End { get; private set; }

    /// <summary>Pixels that labels and title need outside the plot.</summary>
    public int LabelSpace => (int)Math.Ceiling((IsHorizontal && !_rotated ? LabelLines : LongestLabel + 8) + 16 * _title.Length + (_title.Length > 0 ? 6 : 0));

    private double LabelLines => !_showLabels || _labels.Length == 0 ? 4 : 3 + 13 * _labels.Max(label => label.Length);

    private double LongestLabel => !_showLabels || _labels.Length == 0 ? 0 : _labels.Max(label => label.Max(line => SvgCanvas.WidthOf(line, _labelSize)));

    public static PictureAxis Of(string direction, string id, JsonElement layout, IReadOnlyList<PictureTrace> traces)
    {
        var axis = layout.Child(direction + "axis" + id[1..]);
        var names = new List<string>();
        var extents = new List<(double, double)>();
        foreach (var trace in traces)
            if ((direction == "x" ? trace.XAxis : trace.YAxis) == id) extents.Add(direction == "x" ? trace.ExtentX(names) : trace.ExtentY(names));
        return new PictureAxis(id, axis, extents, names);
    }

    public void Place(PlotArea plot)
    {
        (Start, End) = IsHorizontal
            ? (plot.Left + plot.Width * _domainFrom, plot.Left + plot.Width * _domainTo)
            : (plot.Top + plot.Height * (1 - _domainFrom), plot.Top + plot.Height * (1 - _domainTo));
    }

    /// <summary>The pixel of a value; of a name on an axis of names.</summary>
    public double At(JsonElement value) => At(value.ValueKind == JsonValueKind.String ? _names.IndexOf(value.GetString()!) : value.Number() ?? double.NaN);

    public double At(double value) => Start + (End - Start) * ((_isLogarithmic ? Math.Log10(value) : value) - _from) / (_to - _from);

    public void Draw(SvgCanvas svg, (double From, double To) across)
    {
        for (var tick = 0; tick < _ticks.Length; tick++)
        {
            var at = At(_ticks[tick]);
            if (double.IsNaN(at) || at < Math.Min(Start, End) - 0.5 || at > Math.Max(Start, End) + 0.5) continue;
            if (IsHorizontal)
            {
                if (_showGrid) svg.Line(at, across.From, at, across.To, LineColour(tick), 1);
                if (!_showLabels) continue;
                if (_rotated) svg.Text(at + _labelSize / 3, across.To + TickLength + 2, string.Join(' ', _labels[tick]), _labelSize, "end", rotate: -90);
                else
                    for (var line = 0; line < _labels[tick].Length; line++) svg.Text(at, across.To + TickLength + 11 + 13 * line, _labels[tick][line], _labelSize, "middle");
            }
            else
            {
                if (_showGrid) svg.Line(across.From, at, across.To, at, LineColour(tick), 1);
                if (_showLabels) svg.Text(across.From - TickLength - 2, at + 4, string.Join(' ', _labels[tick]), _labelSize, "end");
            }
        }
        for (var line = 0; line < _title.Length; line++)
        {
            if (IsHorizontal) svg.Text((Start + End) / 2, across.To + (_rotated ? LongestLabel + 6 : LabelLines) + 18 + 16 * line, _title[line], 12, "middle");
            else svg.Text(across.From - LongestLabel - 14 - 16 * (_title.Length - 1 - line), (Start + End) / 2, _title[line], 12, "middle", rotate: -90);
        }
    }

    private string LineColour(int tick) => _showZero && _ticks[tick] == 0 ? ZeroColour : GridColour;

    private (double From, double To) Range(JsonElement axis, IReadOnlyList<(double Low, double High)> extents)
    {
        var given = axis.Child("range").Items().Select(end => end.Number() ?? double.NaN).ToArray();
        if (given.Length == 2 && axis.Child("autorange").Text() is not "true") return (given[0], given[1]);
        var low = extents.Select(extent => extent.Low).Where(double.IsFinite).DefaultIfEmpty(0).Min();
        var high = extents.Select(extent => extent.High).Where(double.IsFinite).DefaultIfEmpty(1).Max();
        if (_names.Count > 0) return Reversed(axis, (-0.5, _names.Count - 0.5));
        if (_isLogarithmic)
        {
            var (bottom, top) = (Math.Log10(Math.Max(low, 1e-30)), Math.Log10(Math.Max(high, 1e-30)));
            var margin = Math.Max(0.05 * (top - bottom), 0.05);
            return (bottom - margin, top + margin);
        }
        if (low == 0 && high == 0) return (-1, 1); // as Plotly does
        if (axis.Child("rangemode").Text() == "tozero") (low, high) = (Math.Min(low, 0), Math.Max(high, 0));
        var pad = high > low ? 0.05 * (high - low) : Math.Max(1, Math.Abs(high)) * 0.1;
        return Reversed(axis, (low == 0 ? 0 : low - pad, high == 0 ? 0 : high + pad));
    }

    private static (double, double) Reversed(JsonElement axis, (double From, double To) range) =>
        axis.Child("autorange").Text() == "reversed" ? (range.To, range.From) : range;

    private double[] Ticks(JsonElement axis)
    {
        var given = axis.Child("tickvals").Items().Select(value => value.Number() ?? double.NaN).ToArray();
        if (given.Length > 0) return given;
        if (_names.Count > 0) return [.. Enumerable.Range(0, _names.Count).Select(index => (double)index)];
        if (_isLogarithmic) return LogarithmicTicks();
        var span = Math.Abs(_to - _from);
        if (!(span > 0)) return [_from];
        var step = axis.Child("dtick").Number() is > 0 and { } asked ? asked : RoundStep(span / 5);
        var first = Math.Ceiling(Math.Min(_from, _to) / step);
        var count = (int)(Math.Floor(Math.Max(_from, _to) / step) - first) + 1;
        return [.. Enumerable.Range(0, Math.Clamp(count, 0, 30)).Select(tick => (first + tick) * step)];
    }

    private static double RoundStep(double about)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(about)));
        return about / power >= 5 ? 5 * power : about / power >= 2 ? 2 * power : power;
    }

    private double[] LogarithmicTicks()
    {
        var ticks = new List<double>();
        var digits = _to - _from > 2.5 ? [1] : (int[])[1, 2, 5];
        var every = Math.Max(1, (int)Math.Ceiling((_to - _from) / 8));
        for (var power = (int)Math.Floor(_from); power <= _to; power++)
            foreach (var digit in digits)
            {
                var place = power + Math.Log10(digit);
                if (place >= _from && place <= _to && power % every == 0) ticks.Add(Math.Pow(10, power) * digit);
            }
        return [.. ticks];
    }

    private string[][] Labels(JsonElement axis)
    {
        var given = axis.Child("ticktext").Items().Select(text => SvgCanvas.Lines(text.Text() ?? "")).ToArray();
        if (given.Length == _ticks.Length && given.Length > 0) return given;
        if (_names.Count > 0) return [.. _names.Select(SvgCanvas.Lines)];
        return [.. _ticks.Select(tick => new[] { Math.Abs(tick) < 1e-12 * Math.Abs(_to - _from) ? "0" : tick.ToString("G4", CultureInfo.InvariantCulture) })];
    }
}
