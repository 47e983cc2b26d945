using System.Net;
using System.Text;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Images;
using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Notebook.Formatters;

/// <summary>
/// Lines of text as each network reads them: the picture, the right text, and below it what full precision and every quantized network made of it. What is wrong
/// is bold with a line below, what is missing is struck through, so that nobody needs colours.
/// </summary>
internal static class LineTable
{
    private const int Shown = 12;
    private const string Cell = "padding:1px 9px;border:0;text-align:left;vertical-align:top;white-space:pre-wrap;background:transparent";
    private const string Wrong = "font-weight:700;text-decoration:underline wavy #c25a00;text-underline-offset:3px";
    private const string Missing = "font-weight:700;text-decoration:line-through;background:rgba(224,130,20,.35);border-radius:2px";

    /// <summary>HTML of the lines that some network reads wrong, the worst first; empty where no text was read.</summary>
    public static string Html(Comparison comparison)
    {
        if (comparison.Rows.FirstOrDefault(row => !row.Result.Readings.IsEmpty) is not { } first) return "";
        var images = first.Result.Images;
        var rows = comparison.Rows.Where(row => row.Result.Readings.Length == first.Result.Readings.Length && row.Result.Images.Path == images.Path && row.Result.Images.Count == images.Count).ToArray();
        var count = first.Result.Readings.Length;
        var order = Enumerable.Range(0, count).Select(line => (Line: line, Errors: rows.Sum(row => Errors(row.Result.Readings[line])))).Where(line => line.Errors > 0)
            .OrderByDescending(line => line.Errors).ThenBy(line => line.Line).ToArray();
        var html = new StringBuilder("<p>");
        html.Append(order.Length == 0
            ? $"All {NumberText.Count(count, "line")} are read right."
            : $"{NumberText.Count(order.Length)} of {NumberText.Count(count, "line")} {(order.Length == 1 ? "is" : "are")} read wrong{(rows.Length > 1 ? " by at least one of these" : "")}{(order.Length > Shown ? $"; the {Shown} with most wrong characters" : "")}. "
                + $"<ins style=\"{Wrong}\">Wrong</ins> characters are underlined, <del style=\"{Missing}\">missing</del> ones are struck through.");
        html.Append("</p>");
        return html.Append(SideBySide.Cards([.. order.Take(Shown).Select(line => Line(images, rows, line.Line))])).ToString();
    }

    private static string Line(ImageSet images, ComparisonRow[] rows, int line)
    {
        var html = new StringBuilder();
        var reading = rows[0].Result.Readings[line];
        if (images.TensorShape is null) html.Append(ImageStrip.Line(images[reading.Image], $"image {NumberText.Count(reading.Image)}"));
        html.Append("<table style=\"border-collapse:collapse;border:0;margin:2px 0;font-size:13px\"><tbody>");
        if (reading.Expected is { } expected) AppendText(html, "right", WebUtility.HtmlEncode(expected));
        AppendText(html, "full precision", reading.Expected is null ? WebUtility.HtmlEncode(reading.Float) : Marked(reading.Expected, reading.Float));
        foreach (var row in rows)
            if (row.Result.Readings[line] is { Quantized: { } read } own) AppendText(html, row.Name, Marked(own.Expected ?? own.Float, read));
        return html.Append("</tbody></table>").ToString();
    }

    private static void AppendText(StringBuilder html, string who, string text) => html.Append("<tr><th scope=\"row\" style=\"").Append(Cell).Append(";font-weight:400;opacity:.75\">")
        .Append(WebUtility.HtmlEncode(who)).Append("</th><td style=\"").Append(Cell).Append("\"><div align=\"left\">").Append(text.Length == 0 ? "<em>nothing</em>" : text).Append("</div></td></tr>");

    private static string Marked(string right, string read) => string.Concat(TextDifference.Of(right, read).Select(piece => piece.Change switch
    {
        TextChange.Wrong => $"<ins style=\"{Wrong}\">{WebUtility.HtmlEncode(piece.Text)}</ins>",
        // A struck blank would read as a hyphen.
        TextChange.Missing => $"<del style=\"{Missing}\">{WebUtility.HtmlEncode(piece.Text.Replace(' ', '␣'))}</del>",
        _ => WebUtility.HtmlEncode(piece.Text),
    }));

    private static int Errors(Reading reading)
    {
        var right = reading.Expected ?? reading.Float;
        return EditDistance.Between(right, reading.Float) + (reading.Quantized is { } read ? EditDistance.Between(right, read) : 0);
    }
}
