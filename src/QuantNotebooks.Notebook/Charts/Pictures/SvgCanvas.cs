using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace QuantNotebooks.Notebook.Charts.Pictures;

/// <summary>Writes SVG on a white card, so that the picture reads on light and on dark pages.</summary>
internal sealed partial class SvgCanvas
{
    private const string Ink = "#222222";
    private readonly StringBuilder _svg = new();

    public SvgCanvas(int width, int height)
    {
        _svg.Append(CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" font-family=\"system-ui,'Segoe UI',Roboto,'DejaVu Sans',sans-serif\">");
        _svg.Append("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>");
    }

    public void Line(double x0, double y0, double x1, double y1, string colour, double width, string? dash = null, double opacity = 1) =>
        _svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{x0:0.#}\" y1=\"{y0:0.#}\" x2=\"{x1:0.#}\" y2=\"{y1:0.#}\" stroke=\"{Attribute(colour)}\" stroke-width=\"{width:0.##}\"{Dash(dash)}{Opacity(opacity)}/>");

    public void Polyline(IReadOnlyList<(double X, double Y)> points, string colour, double width, string? dash, double opacity)
    {
        if (points.Count < 2) return;
        _svg.Append("<polyline fill=\"none\" points=\"");
        Points(points);
        _svg.Append(CultureInfo.InvariantCulture, $"\" stroke=\"{Attribute(colour)}\" stroke-width=\"{width:0.##}\"{Dash(dash)}{Opacity(opacity)}/>");
    }

    public void Polygon(IReadOnlyList<(double X, double Y)> points, string colour, double opacity)
    {
        _svg.Append("<polygon points=\"");
        Points(points);
        _svg.Append(CultureInfo.InvariantCulture, $"\" fill=\"{Attribute(colour)}\"{Opacity(opacity)}/>");
    }

    public void Rectangle(double x, double y, double width, double height, string fill, double opacity) =>
        _svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{x:0.##}\" y=\"{y:0.##}\" width=\"{width:0.##}\" height=\"{height:0.##}\" fill=\"{Attribute(fill)}\"{Opacity(opacity)}/>");

    /// <summary>A marker of Plotly's name: circle, diamond, square, cross, triangle-up, line-ns; others as circles.</summary>
    public void Marker(double x, double y, string symbol, double size, string colour, double opacity)
    {
        var r = size / 2;
        switch (symbol)
        {
            case "diamond": Polygon([(x, y - r), (x + r, y), (x, y + r), (x - r, y)], colour, opacity); break;
            case "square": Rectangle(x - r, y - r, size, size, colour, opacity); break;
            case "triangle-up": Polygon([(x, y - r), (x + r, y + r), (x - r, y + r)], colour, opacity); break;
            case "triangle-down": Polygon([(x, y + r), (x + r, y - r), (x - r, y - r)], colour, opacity); break;
            case "line-ns": Line(x, y - r, x, y + r, colour, 3, null, opacity); break;
            case "line-ew": Line(x - r, y, x + r, y, colour, 2, null, opacity); break;
            case "x" or "cross":
                Line(x - r, y - r, x + r, y + r, colour, 1.6, null, opacity);
                Line(x - r, y + r, x + r, y - r, colour, 1.6, null, opacity);
                break;
            default: _svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{x:0.#}\" cy=\"{y:0.#}\" r=\"{r:0.#}\" fill=\"{Attribute(colour)}\"{Opacity(opacity)}/>"); break;
        }
    }

    public void Text(double x, double y, string text, double size, string anchor = "start", string? weight = null, double rotate = 0, string colour = Ink)
    {
        _svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x:0.#}\" y=\"{y:0.#}\" font-size=\"{size:0.#}\" fill=\"{Attribute(colour)}\"");
        if (anchor != "start") _svg.Append($" text-anchor=\"{anchor}\"");
        if (weight is not null) _svg.Append($" font-weight=\"{weight}\"");
        if (rotate != 0) _svg.Append(CultureInfo.InvariantCulture, $" transform=\"rotate({rotate:0} {x:0.#} {y:0.#})\"");
        _svg.Append('>').Append(Attribute(text)).Append("</text>");
    }

    /// <summary>A picture stretched over a rectangle, its pixels kept sharp.</summary>
    public void Image(double x, double y, double width, double height, byte[] png) =>
        _svg.Append(CultureInfo.InvariantCulture, $"<image x=\"{x:0.##}\" y=\"{y:0.##}\" width=\"{width:0.##}\" height=\"{height:0.##}\" preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{Convert.ToBase64String(png)}\"/>");

    /// <summary>About how wide a text is, in pixels: enough to leave room for it.</summary>
    public static double WidthOf(string text, double size) => text.Length * size * 0.56;

    /// <summary>A text of Plotly's as lines without markup.</summary>
    public static string[] Lines(string text) => [.. text.Split("<br>").Select(Plain)];

    public override string ToString() => _svg + "</svg>";

    private void Points(IReadOnlyList<(double X, double Y)> points)
    {
        foreach (var (x, y) in points) _svg.Append(CultureInfo.InvariantCulture, $"{x:0.#},{y:0.#} ");
    }

    private static string Dash(string? dash) => dash switch
    {
        "dot" => " stroke-dasharray=\"2 3\"",
        "dash" => " stroke-dasharray=\"7 4\"",
        "dashdot" => " stroke-dasharray=\"7 3 2 3\"",
        _ => "",
    };

    private static string Opacity(double opacity) => opacity >= 1 ? "" : string.Create(CultureInfo.InvariantCulture, $" opacity=\"{opacity:0.##}\"");

    /// <summary>A text of Plotly's in one line without markup.</summary>
    public static string Plain(string text) => WebUtility.HtmlDecode(Tag().Replace(text, "")).Replace("\u200b", "", StringComparison.Ordinal);

    // WebUtility writes entities of characters that XML 1.0 forbids; they have no place in a label.
    private static string Attribute(string text) => WebUtility.HtmlEncode(string.Concat(text.Where(letter => letter >= ' ')));

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tag();
}
