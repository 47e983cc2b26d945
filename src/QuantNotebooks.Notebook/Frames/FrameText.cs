using Deedle;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>Deedle frames as HTML and as plain text: numbers at the right with four significant digits, long frames elided, all text escaped.</summary>
public static class FrameText
{
    private const int LongInHtml = 60;
    private const int LongInText = 60;

    /// <summary>An HTML table whose headings sort it; frames of more than 60 rows show the first 20 and the last 5, and don't sort.</summary>
    /// <param name="frame">Any frame.</param>
    public static string ToHtml(this IFrame frame) => frame.ToHtml(LongInHtml);

    /// <summary>The same, eliding only frames of more than <paramref name="longest"/> rows.</summary>
    internal static string ToHtml(this IFrame frame, int longest)
    {
        ArgumentNullException.ThrowIfNull(frame);
        return HtmlTable.Render(FrameTable.Of(frame, longest), "quant-" + Guid.NewGuid().ToString("n"));
    }

    /// <summary>Aligned lines for a terminal; frames of more than 60 rows show the first 20 and the last 5.</summary>
    /// <param name="frame">Any frame.</param>
    public static string ToPlainText(this IFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        return PlainTable.Render(FrameTable.Of(frame, LongInText)).TrimEnd('\n');
    }
}
