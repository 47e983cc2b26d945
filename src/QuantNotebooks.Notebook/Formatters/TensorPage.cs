using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text;
using QuantNotebooks.Notebook.Frames;
using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Notebook.Formatters;

/// <summary>A tensor in a notebook: type, shape, extent and first values; small ones whole as a table, planes of larger ones as pictures.</summary>
internal static class TensorPage
{
    private const int FirstValues = 8;
    private const int LargestTable = 16;
    private const int LargestPlane = 512;
    private const int PlanesShown = 8;

    public static string Html(TensorSummary tensor)
    {
        var html = new StringBuilder("<div class=\"quant-result\"><div><strong>").Append(WebUtility.HtmlEncode(Head(tensor))).Append("</strong></div><div>")
            .Append(WebUtility.HtmlEncode(Extent(tensor))).Append("</div>");
        if (TableOf(tensor) is { } table) html.Append(HtmlTable.Render(table, LargestTable));
        else html.Append("<div>").Append(WebUtility.HtmlEncode(First(tensor))).Append("</div>").Append(Planes(tensor));
        return html.Append("</div>").ToString();
    }

    public static string Text(TensorSummary tensor) =>
        $"{Head(tensor)}\n{Extent(tensor)}\n" + (TableOf(tensor) is { } table ? PlainTable.Render(table).TrimEnd('\n') : First(tensor));

    /// <summary>Shape, extent and the first values as JSON: a tensor's own file is the place for all of them.</summary>
    public static object Json(TensorSummary tensor) => new
    {
        tensor.Type, Shape = tensor.Shape.ToArray(), tensor.Minimum, tensor.Mean, tensor.Maximum, tensor.NaNs, First = tensor.Values.Take(FirstValues).ToArray(),
    };

    private static string Head(TensorSummary tensor) => string.Create(CultureInfo.InvariantCulture, $"{tensor.Type} [{string.Join(", ", tensor.Shape)}]");

    private static string Extent(TensorSummary tensor) => tensor.Values.Length == 0
        ? "no values"
        : $"{NumberText.Count(tensor.Values.Length, "value")} from {NumberText.Significant(tensor.Minimum)} to {NumberText.Significant(tensor.Maximum)}, mean {NumberText.Significant(tensor.Mean)}"
            + (tensor.NaNs > 0 ? $"; {NumberText.Count(tensor.NaNs)} NaN" : "");

    private static string First(TensorSummary tensor) =>
        "first values: " + string.Join(", ", tensor.Values.Take(FirstValues).Select(value => NumberText.Significant(value))) + (tensor.Values.Length > FirstValues ? ", …" : "");

    private static Table? TableOf(TensorSummary tensor)
    {
        if (tensor.Shape.Length is 0 or > 2 || tensor.Values.Length is 0 or > LargestTable * LargestTable || tensor.Shape.Any(length => length > LargestTable)) return null;
        var columns = (int)tensor.Shape[^1];
        var format = CellText.FormatOf(tensor.Values, "");
        return new Table(
            [new TableColumn("#", true, IsRowNumber: true), .. Enumerable.Range(0, columns).Select(column => new TableColumn(column.ToString(CultureInfo.InvariantCulture), true))],
            [.. tensor.Values.Chunk(columns).Select((row, index) => row.Select(value => CellText.Cell(value, format)).Prepend(new TableCell(index.ToString(CultureInfo.InvariantCulture))).ToImmutableArray())]);
    }

    // The last two dimensions are a plane; dark to light, or blue through white to orange where there are negative values.
    private static string Planes(TensorSummary tensor)
    {
        if (tensor.Shape.Length < 2 || tensor.Shape[^1] is < 2 or > LargestPlane || tensor.Shape[^2] is < 2 or > LargestPlane || !double.IsFinite(tensor.Minimum) || !double.IsFinite(tensor.Maximum)) return "";
        var (height, width) = ((int)tensor.Shape[^2], (int)tensor.Shape[^1]);
        var planes = tensor.Values.Length / (width * height);
        var zoom = Math.Max(1, 96 / Math.Max(width, height));
        var html = new StringBuilder("<div style=\"display:flex;flex-wrap:wrap;gap:6px\">");
        for (var plane = 0; plane < Math.Min(planes, PlanesShown); plane++)
        {
            var png = Png.Encode(width, height, 3, Pixels(tensor.Values.AsSpan(plane * width * height, width * height), tensor.Minimum, tensor.Maximum));
            html.Append(CultureInfo.InvariantCulture, $"<img alt=\"plane {plane} of {planes}\" width=\"{width * zoom}\" height=\"{height * zoom}\" style=\"image-rendering:pixelated\" ")
                .Append("src=\"data:image/png;base64,").Append(Convert.ToBase64String(png)).Append("\">");
        }
        html.Append("</div>");
        if (planes > PlanesShown) html.Append("<div>").Append(NumberText.Count(planes - PlanesShown, "more plane")).Append("</div>");
        return html.ToString();
    }

    private static byte[] Pixels(ReadOnlySpan<double> values, double low, double high)
    {
        var pixels = new byte[values.Length * 3];
        var limit = Math.Max(Math.Abs(low), Math.Abs(high));
        for (var index = 0; index < values.Length; index++)
        {
            var value = double.IsNaN(values[index]) ? 0 : values[index];
            (double R, double G, double B) colour;
            if (low < 0)
            {
                var share = limit > 0 ? Math.Clamp(value / limit, -1, 1) : 0;
                var (end, weight) = share < 0 ? ((8, 81, 156), -share) : ((179, 71, 0), share);
                colour = (236 + (end.Item1 - 236) * weight, 236 + (end.Item2 - 236) * weight, 236 + (end.Item3 - 236) * weight);
            }
            else
            {
                var grey = high > low ? 255 * (value - low) / (high - low) : 128;
                colour = (grey, grey, grey);
            }
            (pixels[3 * index], pixels[3 * index + 1], pixels[3 * index + 2]) = ((byte)colour.R, (byte)colour.G, (byte)colour.B);
        }
        return pixels;
    }
}
