using System.Text;
using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Notebook.Formatters;

/// <summary>
/// Pictures, or lines of text with their readings, side by side. The page's width decides how many stand in a row. Where a host drops styles, as Jupyter does with outputs
/// that it doesn't trust and as code hosts do, they are a table of a few columns: nothing else keeps pictures side by side where the host makes each a block.
/// </summary>
internal static class SideBySide
{
    /// <summary>Pixels of the narrowest page where nothing needs to shrink.</summary>
    private const int PageWidth = 720;

    /// <summary>What hosts put between cells.</summary>
    private const int Gap = 14;

    private static readonly Lazy<string> Style = new(() => EmbeddedText.Read("Formatters.side-by-side.css"));

    /// <summary>Small pictures.</summary>
    /// <param name="cells">HTML of each.</param>
    /// <param name="widest">Pixels of the widest.</param>
    public static string Strip(IReadOnlyList<string> cells, int widest) => Html("quant-strip", "center", cells, Math.Max(1, PageWidth / (widest + Gap)));

    /// <summary>Blocks as wide as half of a page, or less.</summary>
    /// <param name="cells">HTML of each.</param>
    public static string Cards(IReadOnlyList<string> cells) => Html("quant-cards", "left", cells, 2);

    // A page whose styles are dropped aligns by attribute, and only what stands in a block of its own: Jupyter's own rules for cells are stronger than a cell's attribute.
    private static string Html(string kind, string align, IReadOnlyList<string> cells, int mostInRow)
    {
        if (cells.Count == 0) return "";
        var rows = (cells.Count + mostInRow - 1) / mostInRow;
        var html = new StringBuilder("<style>").Append(Style.Value).Append("</style><table class=\"quant-side ").Append(kind).Append("\" role=\"presentation\"><tbody>");
        foreach (var row in cells.Chunk((cells.Count + rows - 1) / rows))
        {
            html.Append("<tr>");
            foreach (var cell in row) html.Append("<td><div align=\"").Append(align).Append("\">").Append(cell).Append("</div></td>");
            html.Append("</tr>");
        }
        return html.Append("</tbody></table>").ToString();
    }
}
