using System.Globalization;
using System.Text;
using System.Text.Json;

namespace QuantNotebooks.Notebook.Charts.Pictures;

/// <summary>
/// A figure as an SVG picture, for readers whose viewer runs no scripts: a code host, a mail, paper. It draws what our own figures are made of (scatter,
/// bar, heat map, box, shapes, annotations, legend, colour bar), in their first state: buttons are left out, and of sliders it says where they stand.
/// </summary>
internal static class StaticPicture
{
    public const int Width = 960;

    private const int SliderHeight = 22;

    /// <summary>Draws the figure, or returns null where it holds a kind of trace that is not drawn here.</summary>
    /// <param name="figureJson">A Plotly figure, <c>{"data": […], "layout": {…}}</c>.</param>
    /// <param name="height">In CSS pixels.</param>
    public static string? Svg(string figureJson, int height)
    {
        using var document = JsonDocument.Parse(figureJson);
        var figure = document.RootElement;
        var layout = figure.Child("layout");
        var traces = new List<PictureTrace>();
        foreach (var data in figure.Child("data").Items())
        {
            if (data.Child("visible").Text() is "false" or "legendonly") continue;
            if (PictureTrace.Of(data) is not { } trace) return null;
            traces.Add(trace);
        }
        if (traces.Count == 0) return null;
        return new Painter(traces, layout, height).Draw();
    }

    /// <summary>The picture as the address of an image element.</summary>
    public static string DataUri(string svg) => "data:image/svg+xml;base64," + Convert.ToBase64String(Encoding.UTF8.GetBytes(svg));

    private sealed class Painter(List<PictureTrace> traces, JsonElement layout, int height)
    {
        private readonly SvgCanvas _svg = new(Width, height);
        private readonly Dictionary<string, PictureAxis> _axes = [];

        public string Draw()
        {
            foreach (var trace in traces) _axes.TryAdd(trace.XAxis, PictureAxis.Of("x", trace.XAxis, layout, traces));
            foreach (var trace in traces) _axes.TryAdd(trace.YAxis, PictureAxis.Of("y", trace.YAxis, layout, traces));
            var left = 16 + _axes.Values.Where(axis => !axis.IsHorizontal).Max(axis => axis.LabelSpace);
            var sliders = layout.Child("sliders").Items().ToArray();
            var bottom = 8 + _axes.Values.Where(axis => axis.IsHorizontal).Max(axis => axis.LabelSpace) + SliderHeight * sliders.Length;
            var right = layout.Child("coloraxis").ValueKind == JsonValueKind.Object ? 104 : 24;
            var title = SvgCanvas.Lines(layout.Child("title").Child("text").Text() ?? "");
            for (var line = 0; line < title.Length; line++) _svg.Text(12, 22 + 20 * line, title[line], 15, weight: "600");
            var top = 18 + 20 * title.Length;
            top += Legend(left, top);
            var plot = new PlotArea(left, top + 8, Width - left - right, height - top - 8 - bottom);
            foreach (var axis in _axes.Values) axis.Place(plot);
            foreach (var axis in _axes.Values) axis.Draw(_svg, AcrossOf(axis));
            var bars = new BarStacks(traces, layout.Child("barmode").Text() ?? "group", layout.Child("bargap").Number() ?? 0.2);
            foreach (var trace in traces) trace.Draw(_svg, _axes[trace.XAxis], _axes[trace.YAxis], layout, bars);
            Shapes(plot);
            Annotations(plot);
            ColourBar(plot);
            for (var slider = 0; slider < sliders.Length; slider++) _svg.Text(left, height - 10 - SliderHeight * slider, Standing(sliders[slider]), 12);
            return _svg.ToString();
        }

        private static string Standing(JsonElement slider) => SvgCanvas.Plain((slider.Child("currentvalue").Child("prefix").Text() ?? "")
            + slider.Child("steps").At((int)(slider.Child("active").Number() ?? 0)).Child("label").Text());

        // The span of the subplots that an axis belongs to, across its own direction; its labels stand at the end of it.
        private (double From, double To) AcrossOf(PictureAxis axis)
        {
            var partners = traces.Where(trace => axis.IsHorizontal ? trace.XAxis == axis.Id : trace.YAxis == axis.Id)
                .Select(trace => _axes[axis.IsHorizontal ? trace.YAxis : trace.XAxis]).ToList();
            var anchor = _axes.GetValueOrDefault(axis.Anchor) ?? partners[0];
            return axis.IsHorizontal ? (partners.Min(other => other.End), anchor.Start) : (anchor.Start, partners.Max(other => other.End));
        }

        private int Legend(int left, int top)
        {
            if (layout.Child("showlegend").ValueKind == JsonValueKind.False) return 0;
            var entries = traces.Where(trace => trace.InLegend).DistinctBy(trace => trace.Name).ToList();
            if (entries.Count < 2) return 0;
            double x = left;
            var lines = 1;
            foreach (var entry in entries)
            {
                var width = 30 + SvgCanvas.WidthOf(entry.Name, 12);
                if (x + width > Width - 20 && x > left) (x, lines) = (left, lines + 1);
                entry.DrawKey(_svg, x, top + 18 * lines - 8);
                _svg.Text(x + 22, top + 18 * lines - 4, entry.Name, 12);
                x += width + 12;
            }
            return 18 * lines;
        }

        private void Shapes(PlotArea plot)
        {
            foreach (var shape in layout.Child("shapes").Items())
            {
                var (x0, x1) = (X(shape, "x0", plot), X(shape, "x1", plot));
                var (y0, y1) = (Y(shape, "y0", plot), Y(shape, "y1", plot));
                var line = shape.Child("line");
                var stroke = line.Child("color").Text() ?? "#444444";
                if (shape.Child("type").Text() == "line") _svg.Line(x0, y0, x1, y1, stroke, line.Child("width").Number() ?? 1, line.Child("dash").Text());
                else _svg.Rectangle(Math.Min(x0, x1), Math.Min(y0, y1), Math.Abs(x1 - x0), Math.Abs(y1 - y0), shape.Child("fillcolor").Text() ?? "none", shape.Child("opacity").Number() ?? 1);
            }
        }

        private void Annotations(PlotArea plot)
        {
            foreach (var note in layout.Child("annotations").Items())
            {
                if (note.Child("visible").ValueKind == JsonValueKind.False) continue;
                var anchor = note.Child("xanchor").Text() switch { "left" => "start", "right" => "end", _ => "middle" };
                var lines = SvgCanvas.Lines(note.Child("text").Text() ?? "");
                var (x, y) = (X(note, "x", plot), Y(note, "y", plot));
                for (var line = 0; line < lines.Length; line++)
                    _svg.Text(x + (note.Child("xshift").Number() ?? 0), y - (note.Child("yshift").Number() ?? 0) + 4 + 14 * line, lines[line], note.Child("font").Child("size").Number() ?? 12, anchor);
            }
        }

        private double X(JsonElement item, string name, PlotArea plot) => item.Child("xref").Text() is "paper"
            ? plot.Left + plot.Width * (item.Child(name).Number() ?? 0)
            : _axes.GetValueOrDefault(item.Child("xref").Text() ?? "x", _axes.Values.First(axis => axis.IsHorizontal)).At(item.Child(name));

        private double Y(JsonElement item, string name, PlotArea plot) => item.Child("yref").Text() is "paper"
            ? plot.Top + plot.Height * (1 - (item.Child(name).Number() ?? 0))
            : _axes.GetValueOrDefault(item.Child("yref").Text() ?? "y", _axes.Values.First(axis => !axis.IsHorizontal)).At(item.Child(name));

        private void ColourBar(PlotArea plot)
        {
            var axis = layout.Child("coloraxis");
            if (axis.ValueKind != JsonValueKind.Object) return;
            var scale = ColourScale.Of(axis);
            var bar = axis.Child("colorbar");
            var height = Math.Min(plot.Height, 280);
            var (x, top) = (plot.Left + plot.Width + 14, plot.Top + (plot.Height - height) / 2);
            const int steps = 48;
            for (var step = 0; step < steps; step++)
                _svg.Rectangle(x, top + height * step / steps, 12, height / steps + 0.6, scale.At(scale.High + (scale.Low - scale.High) * (step + 0.5) / steps), 1);
            var texts = bar.Child("ticktext").Items().Select(text => SvgCanvas.Plain(text.Text() ?? "")).ToArray();
            var values = bar.Child("tickvals").Items().Select(value => value.Number() ?? double.NaN).ToArray();
            for (var tick = 0; tick < values.Length; tick++)
                _svg.Text(x + 16, top + height * (1 - (values[tick] - scale.Low) / (scale.High - scale.Low)) + 4,
                    tick < texts.Length ? texts[tick] : values[tick].ToString("G3", CultureInfo.InvariantCulture), 11);
            if (bar.Child("title").Child("text").Text() is { } title) _svg.Text(x + 78, top + height / 2, SvgCanvas.Plain(title), 12, "middle", rotate: 90);
        }
    }
}

/// <summary>Where the plot lies in the picture, in pixels.</summary>
internal sealed record PlotArea(double Left, double Top, double Width, double Height);
