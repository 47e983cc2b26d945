namespace QuantNotebooks.Notebook.Text;

/// <summary>Text in lines of at most so many characters, broken at spaces.</summary>
internal static class WrappedText
{
    /// <summary>The lines; a word longer than a line has one of its own, and spaces within a line stay.</summary>
    public static IEnumerable<string> Lines(string text, int width)
    {
        var start = 0;
        while (text.Length - start > width)
        {
            var end = text.LastIndexOf(' ', start + width, width + 1);
            if (end <= start) end = text.IndexOf(' ', start + width);
            if (end < 0) break;
            yield return text[start..end].TrimEnd(' ');
            for (start = end; start < text.Length && text[start] == ' '; start++)
            {
            }
        }
        if (start < text.Length || text.Length == 0) yield return text[start..];
    }
}
