using Deedle;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>Deedle frames as HTML and as plain text: numbers at the right with four significant digits, long frames elided, all text escaped.</summary>
public static class FrameText
{
    private const int LongInHtml = 60;
    private const int LongInText = 60;

    /// <summary>
    /// An HTML table that its headings sort and a button copies as CSV with all digits. Of more than 60 rows it shows the first 20 and the last 5 until
    /// somebody asks for all; of frames of more than about 10,000 cells it holds only those.
    /// </summary>
    /// <param name="frame">Any frame.</param>
    public static string ToHtml(this IFrame frame) => frame.ToHtml(LongInHtml);

    /// <summary>The same, folding only frames of more than <paramref name="longest"/> rows.</summary>
    internal static string ToHtml(this IFrame frame, int longest)
    {
        ArgumentNullException.ThrowIfNull(frame);
        return HtmlTable.Render(FrameTable.Of(frame, columns => HtmlTable.MostCells / Math.Max(1, columns)), longest);
    }

    /// <summary>Aligned lines for a terminal, at most 120 columns wide; frames of more than 60 rows show the first 20 and the last 5.</summary>
    /// <param name="frame">Any frame.</param>
    public static string ToPlainText(this IFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        return PlainTable.Render(FrameTable.Of(frame, LongInText)).TrimEnd('\n');
    }
}
