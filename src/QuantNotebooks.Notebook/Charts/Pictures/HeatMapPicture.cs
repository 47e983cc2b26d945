using System.Text.Json;
using QuantNotebooks.Notebook.Formatters;

namespace QuantNotebooks.Notebook.Charts.Pictures;

/// <summary>A heat map of rows of cells (z[row][column]), each row as a picture one pixel high.</summary>
internal sealed class HeatMapPicture(JsonElement data) : PictureTrace(data)
{
    private const int MostColumns = 480;

    private readonly double?[][] _rows = [.. data.Child("z").Items().Select(row => row.Items().Select(cell => cell.Number()).ToArray())];

    protected override bool HasKey => false;

    public override (double Low, double High) ExtentX(List<string> names) => Span("x", _rows.Length == 0 ? 0 : _rows.Max(row => row.Length), names);

    public override (double Low, double High) ExtentY(List<string> names) => Span("y", _rows.Length, names);

    public override void Draw(SvgCanvas svg, PictureAxis x, PictureAxis y, JsonElement layout, BarStacks bars)
    {
        var scale = ColourScale.Of(Data.Child("coloraxis").Text() is null ? Data : layout.Child("coloraxis"));
        for (var row = 0; row < _rows.Length; row++)
        {
            var cells = _rows[row];
            var at = Data.Child("y").ValueKind == JsonValueKind.Array && Data.Child("y").At(row).Number() is { } place ? place : row;
            var (top, bottom) = (y.At(at - 0.46), y.At(at + 0.46));
            var (first, step) = Columns();
            foreach (var (from, to) in Known(cells))
            {
                var (left, right) = (x.At(first + step * (from - 0.5)), x.At(first + step * (to - 0.5)));
                svg.Image(Math.Min(left, right), Math.Min(top, bottom), Math.Abs(right - left), Math.Abs(bottom - top), Pixels(cells[from..to], scale));
            }
        }
    }

    public override void DrawKey(SvgCanvas svg, double x, double y)
    {
    }

    private (double First, double Step) Columns()
    {
        var x = Data.Child("x");
        if (x.ValueKind != JsonValueKind.Array) return (Data.Child("x0").Number() ?? 0, Data.Child("dx").Number() ?? 1);
        return x.At(0).Number() is { } first ? (first, (x.At(1).Number() ?? first + 1) - first) : (0, 1);
    }

    private (double, double) Span(string axis, int count, List<string> names)
    {
        var values = Data.Child(axis);
        if (values.ValueKind == JsonValueKind.Array)
        {
            var (low, high) = Extent(values, names);
            return (low - 0.5, high + 0.5);
        }
        var (first, step) = axis == "x" ? Columns() : (0, 1);
        return (first - step / 2, first + step * (count - 0.5));
    }

    /// <summary>The spans of cells that have a value; gaps show the page.</summary>
    private static IEnumerable<(int From, int To)> Known(double?[] cells)
    {
        for (var from = 0; from < cells.Length;)
        {
            if (cells[from] is null) { from++; continue; }
            var to = from;
            while (to < cells.Length && cells[to] is not null) to++;
            yield return (from, to);
            from = to;
        }
    }

    // Of several cells that share a pixel the one furthest from the middle of the scale is seen.
    private static byte[] Pixels(double?[] cells, ColourScale scale)
    {
        var columns = Math.Min(cells.Length, MostColumns);
        var middle = (scale.Low + scale.High) / 2;
        var pixels = new byte[3 * columns];
        for (var column = 0; column < columns; column++)
        {
            var value = middle;
            for (var cell = (int)((long)column * cells.Length / columns); cell < (int)((column + 1L) * cells.Length / columns); cell++)
                if (Math.Abs(cells[cell]!.Value - middle) >= Math.Abs(value - middle)) value = cells[cell]!.Value;
            (pixels[3 * column], pixels[3 * column + 1], pixels[3 * column + 2]) = scale.Rgb(value);
        }
        return Png.Encode(columns, 1, 3, pixels);
    }
}
