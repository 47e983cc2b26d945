using System.Text.Json;

namespace QuantNotebooks.Notebook.Charts.Pictures;

/// <summary>One trace of a figure and how it is drawn.</summary>
internal abstract class PictureTrace(JsonElement data)
{
    public string XAxis { get; } = data.Child("xaxis").Text() ?? "x";

    public string YAxis { get; } = data.Child("yaxis").Text() ?? "y";

    public string Name { get; } = SvgCanvas.Plain(data.Child("name").Text() ?? "");

    public bool InLegend => Name.Length > 0 && HasKey && Data.Child("showlegend").ValueKind != JsonValueKind.False;

    protected JsonElement Data { get; } = data;

    protected double TraceOpacity { get; } = data.Child("opacity").Number() ?? 1;

    protected virtual bool HasKey => true;

    /// <summary>The painter for a trace, or null where its kind is not drawn.</summary>
    public static PictureTrace? Of(JsonElement data) => data.Child("type").Text() switch
    {
        "scatter" or "scattergl" or null => new ScatterPicture(data),
        "bar" => new BarPicture(data),
        "heatmap" => new HeatMapPicture(data),
        "box" when data.Child("q1").ValueKind == JsonValueKind.Array => new BoxPicture(data),
        _ => null,
    };

    public abstract void Draw(SvgCanvas svg, PictureAxis x, PictureAxis y, JsonElement layout, BarStacks bars);

    /// <summary>The small picture before the name in the legend.</summary>
    public abstract void DrawKey(SvgCanvas svg, double x, double y);

    /// <summary>Smallest and largest value along the horizontal axis; names are added to the list and stand for their places.</summary>
    public virtual (double Low, double High) ExtentX(List<string> names) => Extent(Data.Child("x"), names);

    public virtual (double Low, double High) ExtentY(List<string> names) => WithErrors(Data.Child("y"), Data.Child("error_y"), names);

    protected static (double Low, double High) Extent(JsonElement values, List<string> names)
    {
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var item in values.Items())
        {
            if (item.ValueKind == JsonValueKind.String)
            {
                if (!names.Contains(item.GetString()!)) names.Add(item.GetString()!);
                continue;
            }
            if (item.Number() is not { } value) continue;
            (low, high) = (Math.Min(low, value), Math.Max(high, value));
        }
        return (low, high);
    }

    /// <summary>The error bars at places of points or of bars' ends, in a colour of their own or this one.</summary>
    protected void Errors(SvgCanvas svg, PictureAxis x, PictureAxis y, (double X, double Y)?[] places, string colour)
    {
        foreach (var (bars, vertical) in new[] { (Data.Child("error_y"), true), (Data.Child("error_x"), false) })
        {
            if (bars.ValueKind != JsonValueKind.Object) continue;
            var own = bars.Child("color").Text() ?? colour;
            var values = Data.Child(vertical ? "y" : "x");
            for (var index = 0; index < places.Length; index++)
            {
                if (places[index] is not { } place || values.At(index).Number() is not { } value || bars.Child("array").At(index).Number() is not { } up) continue;
                var down = bars.Child("arrayminus").At(index).Number() ?? up;
                var (cap, thickness) = (bars.Child("width").Number() ?? 3, bars.Child("thickness").Number() ?? 1);
                var (from, to) = vertical ? (Finite(y.At(value - down), y.Start), Finite(y.At(value + up), y.End)) : (Finite(x.At(value - down), x.Start), Finite(x.At(value + up), x.End));
                if (vertical) svg.Line(place.X, from, place.X, to, own, thickness);
                else svg.Line(from, place.Y, to, place.Y, own, thickness);
                foreach (var end in cap > 0 ? new[] { from, to } : [])
                {
                    if (vertical) svg.Line(place.X - cap, end, place.X + cap, end, own, thickness);
                    else svg.Line(end, place.Y - cap, end, place.Y + cap, own, thickness);
                }
            }
        }

        static double Finite(double pixel, double otherwise) => double.IsFinite(pixel) ? pixel : otherwise;
    }

    /// <summary>The extent of values with their error bars.</summary>
    protected static (double Low, double High) WithErrors(JsonElement values, JsonElement bars, List<string> names)
    {
        var (low, high) = Extent(values, names);
        if (bars.ValueKind != JsonValueKind.Object) return (low, high);
        var index = 0;
        foreach (var item in values.Items())
        {
            var up = bars.Child("array").At(index).Number();
            var down = bars.Child("arrayminus").At(index++).Number() ?? up;
            if (item.Number() is { } value && up is not null) (low, high) = (Math.Min(low, value - down!.Value), Math.Max(high, value + up.Value));
        }
        return (low, high);
    }

    protected static string Colour(JsonElement colour, int index) => colour.At(index).Text() is { } text && text.StartsWith('#') ? text : colour.At(index).Text() is { } named && named.StartsWith("rgb", StringComparison.Ordinal) ? named : Palette.Blue;
}

/// <summary>Lines, markers, texts and error bars.</summary>
internal sealed class ScatterPicture(JsonElement data) : PictureTrace(data)
{
    private readonly string _mode = data.Child("mode").Text() ?? "lines+markers";

    private JsonElement Line => Data.Child("line");

    private JsonElement Marker => Data.Child("marker");

    private string LineColour => Line.Child("color").Text() ?? Colour(Marker.Child("color"), 0);

    private bool HasLines => _mode.Contains("lines", StringComparison.Ordinal);

    private bool HasMarkers => _mode.Contains("markers", StringComparison.Ordinal);

    public override void Draw(SvgCanvas svg, PictureAxis x, PictureAxis y, JsonElement layout, BarStacks bars)
    {
        var (xs, ys) = (Data.Child("x"), Data.Child("y"));
        var count = ys.ValueKind == JsonValueKind.Array ? ys.GetArrayLength() : 0;
        var places = new (double X, double Y)?[count];
        for (var index = 0; index < count; index++)
        {
            var (px, py) = (xs.ValueKind == JsonValueKind.Array ? x.At(xs.At(index)) : x.At(index), y.At(ys.At(index)));
            if (double.IsFinite(px) && double.IsFinite(py)) places[index] = (px, py);
        }
        Fill(svg, y, places);
        if (HasLines)
            foreach (var run in Runs(places)) svg.Polyline(Line.Child("shape").Text() == "hvh" ? Steps(run) : run, LineColour, Line.Child("width").Number() ?? 2, Line.Child("dash").Text(), TraceOpacity);
        Errors(svg, x, y, places, LineColour);
        for (var index = 0; index < count; index++)
        {
            if (places[index] is not { } place) continue;
            if (HasMarkers) DrawMarker(svg, place.X, place.Y, index, layout);
            if (_mode.Contains("text", StringComparison.Ordinal) && Data.Child("text").At(index).Text() is { } text)
            {
                var where = Data.Child("textposition").At(index).Text() ?? "";
                var up = where.StartsWith("top", StringComparison.Ordinal) ? -8 : where.StartsWith("bottom", StringComparison.Ordinal) ? 17 : 4;
                var (aside, anchor) = where.EndsWith("right", StringComparison.Ordinal) ? (8, "start") : where.EndsWith("left", StringComparison.Ordinal) ? (-8, "end") : (0, "middle");
                svg.Text(place.X + aside, place.Y + up, SvgCanvas.Plain(text), 11, anchor);
            }
        }
    }

    public override void DrawKey(SvgCanvas svg, double x, double y)
    {
        if (HasLines) svg.Line(x, y, x + 18, y, LineColour, Line.Child("width").Number() ?? 2, Line.Child("dash").Text(), TraceOpacity);
        if (HasMarkers) svg.Marker(x + 9, y, Marker.Child("symbol").At(0).Text() ?? "circle", Math.Min(Marker.Child("size").At(0).Number() ?? 6, 12), MarkerColour(0, default), TraceOpacity);
    }

    private void DrawMarker(SvgCanvas svg, double x, double y, int index, JsonElement layout) => svg.Marker(
        x, y, Marker.Child("symbol").At(index).Text() ?? "circle", Marker.Child("size").At(index).Number() ?? 6, MarkerColour(index, layout),
        TraceOpacity * (Marker.Child("opacity").At(index).Number() ?? 1));

    private string MarkerColour(int index, JsonElement layout)
    {
        var colour = Marker.Child("color");
        if (colour.At(index).Number() is not null && layout.ValueKind == JsonValueKind.Undefined) return Palette.Grey; // a legend's: of many colours none
        if (colour.At(index).Number() is { } value)
            return ColourScale.Of(Marker.Child("coloraxis").Text() is null ? Marker : layout.Child("coloraxis")).At(value);
        if (Marker.Child("symbol").At(index).Text() is "line-ns" or "line-ew" or "x-thin" && Marker.Child("line").Child("color").Text() is { } line) return line;
        return colour.ValueKind == JsonValueKind.Undefined ? LineColour : Colour(colour, index);
    }

    private void Fill(SvgCanvas svg, PictureAxis y, (double X, double Y)?[] places)
    {
        if (Data.Child("fill").Text() is not ("tozeroy" or "toself") || Data.Child("fillcolor").Text() is not { } colour) return;
        foreach (var run in Runs(places))
        {
            var zero = y.At(0);
            svg.Polygon(Data.Child("fill").Text() == "toself" ? run : [(run[0].X, zero), .. run, (run[^1].X, zero)], colour, 0.8 * TraceOpacity);
        }
    }

    // From each point half the way level, up or down, and on.
    private static List<(double X, double Y)> Steps(List<(double X, double Y)> run)
    {
        var steps = new List<(double, double)> { run[0] };
        for (var index = 1; index < run.Count; index++)
        {
            var middle = (run[index - 1].X + run[index].X) / 2;
            steps.AddRange([(middle, run[index - 1].Y), (middle, run[index].Y), run[index]]);
        }
        return steps;
    }

    private static IEnumerable<List<(double X, double Y)>> Runs((double X, double Y)?[] places)
    {
        var run = new List<(double, double)>();
        foreach (var place in places)
        {
            if (place is { } known) { run.Add(known); continue; }
            if (run.Count > 0) yield return run;
            run = [];
        }
        if (run.Count > 0) yield return run;
    }
}

/// <summary>Bars, upright or lying, side by side or stacked, from zero or from their own base.</summary>
internal sealed class BarPicture(JsonElement data) : PictureTrace(data)
{
    // Pixels of an upright bar that holds its text.
    private const int LeastForText = 30;

    public bool IsHorizontal { get; } = data.Child("orientation").Text() == "h";

    public JsonElement Positions => Data.Child(IsHorizontal ? "y" : "x");

    public JsonElement Lengths => Data.Child(IsHorizontal ? "x" : "y");

    public JsonElement Bases => Data.Child("base");

    public double? Width => Data.Child("width").At(0).Number();

    public override (double Low, double High) ExtentX(List<string> names) => IsHorizontal ? LengthExtent() : PositionExtent(names);

    public override (double Low, double High) ExtentY(List<string> names) => IsHorizontal ? PositionExtent(names) : LengthExtent();

    public override void Draw(SvgCanvas svg, PictureAxis x, PictureAxis y, JsonElement layout, BarStacks bars)
    {
        var (along, length) = IsHorizontal ? (y, x) : (x, y);
        var count = Positions.ValueKind == JsonValueKind.Array ? Positions.GetArrayLength() : 0;
        var unit = Math.Abs(along.At(1) - along.At(0.0));
        var ends = new (double X, double Y)?[count];
        for (var index = 0; index < count; index++)
        {
            if (Lengths.At(index).Number() is not { } value) continue;
            var (from, offset, width) = bars.Of(this, index, value);
            var centre = along.At(Positions.At(index)) + offset * unit * (IsHorizontal ? Math.Sign(along.At(1) - along.At(0.0)) : 1);
            var (start, end) = (length.At(from), length.At(from + value));
            if (!double.IsFinite(start)) start = length.Start;
            if (!double.IsFinite(centre) || !double.IsFinite(end)) continue;
            ends[index] = IsHorizontal ? (end, centre) : (centre, end);
            var thickness = Math.Max(width * unit, 0.5);
            var fill = Fill(index, layout);
            if (IsHorizontal) svg.Rectangle(Math.Min(start, end), centre - thickness / 2, Math.Abs(end - start), thickness, fill, TraceOpacity);
            else svg.Rectangle(centre - thickness / 2, Math.Min(start, end), thickness, Math.Abs(end - start), fill, TraceOpacity);
            if (Data.Child("textposition").At(index).Text() is not (null or "none") && Data.Child("text").At(index).Text() is { } text)
            {
                var inside = Data.Child("textposition").At(index).Text() is var where && (where == "inside" || where == "auto" && Math.Abs(end - start) > LeastForText);
                var anchor = inside ? Data.Child("insidetextanchor").Text() ?? "end" : "outside";
                var (at, side) = anchor switch { "start" => (start + 4, "start"), "middle" => ((start + end) / 2, "middle"), "end" => (end - 4, "end"), _ => (end + 4, "start") };
                if (IsHorizontal) svg.Text(at, centre + 4, SvgCanvas.Plain(text), 11, side, colour: inside ? "#ffffff" : "#222222");
                else svg.Text(centre, anchor == "middle" ? at + 4 : end > start ? end + 13 : end - 4, SvgCanvas.Plain(text), 11, "middle", colour: anchor == "middle" ? "#ffffff" : "#222222");
            }
        }
        Errors(svg, x, y, ends, "#444444");
    }

    public override void DrawKey(SvgCanvas svg, double x, double y) => svg.Rectangle(x + 3, y - 6, 12, 12, Colour(Data.Child("marker").Child("color"), 0), TraceOpacity);

    private string Fill(int index, JsonElement layout)
    {
        var marker = Data.Child("marker");
        return marker.Child("color").At(index).Number() is { } value
            ? ColourScale.Of(marker.Child("coloraxis").Text() is null ? marker : layout.Child("coloraxis")).At(value)
            : Colour(marker.Child("color"), index);
    }

    private (double, double) PositionExtent(List<string> names)
    {
        var (low, high) = Extent(Positions, names);
        return (low - 0.5, high + 0.5);
    }

    private (double, double) LengthExtent()
    {
        var (low, high) = (0.0, 0.0);
        var index = 0;
        foreach (var item in Lengths.Items())
        {
            var from = Bases.At(index++).Number() ?? 0;
            var value = from + (item.Number() ?? 0);
            (low, high) = (Math.Min(low, Math.Min(from, value)), Math.Max(high, Math.Max(from, value)));
        }
        var (least, most) = WithErrors(Lengths, Data.Child(IsHorizontal ? "error_x" : "error_y"), []);
        return (Math.Min(low, double.IsFinite(least) ? least : low), Math.Max(high, double.IsFinite(most) ? most : high));
    }
}

/// <summary>Where the bars of all traces lie: side by side, or on top of each other.</summary>
internal sealed class BarStacks(IEnumerable<PictureTrace> traces, string mode, double gap)
{
    private readonly List<BarPicture> _bars = [.. traces.OfType<BarPicture>()];
    private readonly Dictionary<(string Axis, double Place, bool Up), double> _tops = [];

    /// <summary>The bar's base, its offset from its position and its width, both in units of the axis of positions.</summary>
    public (double From, double Offset, double Width) Of(BarPicture bar, int index, double value)
    {
        var peers = _bars.Where(other => other.XAxis == bar.XAxis && other.YAxis == bar.YAxis).ToList();
        var own = bar.Bases.At(index).Number();
        if (mode is "stack" or "relative")
        {
            var key = (bar.YAxis + bar.XAxis, bar.Positions.At(index).Number() ?? index, value >= 0);
            var from = own ?? _tops.GetValueOrDefault(key);
            _tops[key] = from + value;
            return (from, 0, bar.Width ?? 1 - gap);
        }
        if (mode == "overlay" || peers.Count == 1) return (own ?? 0, 0, bar.Width ?? 1 - gap);
        var width = (1 - gap) / peers.Count;
        return (own ?? 0, (peers.IndexOf(bar) - (peers.Count - 1) / 2.0) * width, bar.Width ?? width);
    }
}

/// <summary>Boxes whose quartiles are given.</summary>
internal sealed class BoxPicture(JsonElement data) : PictureTrace(data)
{
    private static readonly string[] Levels = ["lowerfence", "q1", "median", "q3", "upperfence"];

    public override (double Low, double High) ExtentY(List<string> names)
    {
        var extents = Levels.Select(level => Extent(Data.Child(level), names)).ToList();
        return (extents.Min(extent => extent.Low), extents.Max(extent => extent.High));
    }

    public override (double Low, double High) ExtentX(List<string> names)
    {
        var (low, high) = Extent(Data.Child("x"), names);
        return (low - 0.5, high + 0.5);
    }

    public override void Draw(SvgCanvas svg, PictureAxis x, PictureAxis y, JsonElement layout, BarStacks bars)
    {
        var colour = Data.Child("line").Child("color").Text() ?? Palette.Blue;
        var half = Math.Max(0.35 * Math.Abs(x.At(1) - x.At(0.0)) * (Data.Child("width").Number() ?? 1), 1);
        for (var index = 0; index < Data.Child("median").GetArrayLength(); index++)
        {
            var centre = x.At(Data.Child("x").At(index));
            var level = Levels.Select(name => y.At(Data.Child(name).At(index))).ToArray();
            if (level.Any(double.IsNaN)) continue;
            svg.Line(centre, level[0], centre, level[1], colour, 1);
            svg.Line(centre, level[3], centre, level[4], colour, 1);
            svg.Rectangle(centre - half, level[3], 2 * half, Math.Max(level[1] - level[3], 0.5), colour, 0.45);
            svg.Line(centre - half, level[2], centre + half, level[2], colour, 2);
        }
    }

    public override void DrawKey(SvgCanvas svg, double x, double y) => svg.Rectangle(x + 3, y - 6, 12, 12, Data.Child("line").Child("color").Text() ?? Palette.Blue, 0.6);
}
