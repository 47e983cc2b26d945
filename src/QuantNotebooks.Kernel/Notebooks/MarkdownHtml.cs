using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Markdig;
using Markdig.Extensions.AutoIdentifiers;
using Markdig.Extensions.Mathematics;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace QuantNotebooks.Kernel.Notebooks;

/// <summary>A notebook's Markdown as HTML that needs no other file.</summary>
/// <param name="folder">Where relative image paths begin: the notebook's folder.</param>
/// <param name="notebooks">Notebooks whose pages will lie beside this one's.</param>
internal sealed partial class MarkdownHtml(string folder, IEnumerable<string> notebooks)
{
    private readonly HashSet<string> _notebooks = [.. notebooks.Select(Path.GetFullPath)];

    // Raw HTML in Markdown stays: a notebook is code that its reader has chosen to run, and its code cells may emit any HTML and script.
    // Media links are left out, for they embed players from the network.
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder()
        .UsePipeTables().UseGridTables().UseTaskLists().UseFootnotes().UseEmphasisExtras().UseDefinitionLists().UseAutoLinks()
        .UseMathematics().UseAutoIdentifiers(AutoIdentifierOptions.GitHub).Build();

    private static readonly Dictionary<string, string> ImageTypes = new(StringComparer.OrdinalIgnoreCase)
    {
        [".png"] = "image/png", [".jpg"] = "image/jpeg", [".jpeg"] = "image/jpeg", [".gif"] = "image/gif", [".webp"] = "image/webp", [".svg"] = "image/svg+xml",
    };

    /// <summary>The text of the first heading, or null.</summary>
    public static string? FirstHeading(string markdown)
    {
        var heading = Markdown.Parse(markdown, Pipeline).Descendants<HeadingBlock>().FirstOrDefault();
        if (heading?.Inline is null) return null;
        var text = string.Concat(heading.Inline.Descendants().Select(inline => inline switch
        {
            LiteralInline literal => literal.Content.ToString(),
            CodeInline code => code.Content,
            LineBreakInline => " ",
            _ => "",
        })).Trim();
        return text.Length == 0 ? null : text;
    }

    /// <summary>A text alone, for hosts that drop styles; null where it has formulas, which no host sets in HTML that it does not make itself.</summary>
    public static string? Plain(string markdown)
    {
        var document = Markdown.Parse(markdown, Pipeline);
        if (document.Descendants().Any(part => part is MathInline or MathBlock)) return null;
        // Jupyter aligns cells to the right, and drops styles that would not: text is on the left only in a block of its own.
        return LeftCell().Replace(document.ToHtml(Pipeline).TrimEnd('\n'), "<$1><div align=\"left\">$2</div></$1>");
    }

    /// <summary>Renders a text. Images become data URIs; those on the network become links.</summary>
    /// <param name="markdown">The text.</param>
    /// <param name="attachments">The cell's attachments: name to MIME type to base64.</param>
    public string ToHtml(string markdown, JsonObject? attachments = null)
    {
        var document = Markdown.Parse(markdown, Pipeline);
        foreach (var image in document.Descendants<LinkInline>().Where(link => link.IsImage).ToList())
        {
            if (Embedded(image.Url ?? "", attachments) is { } embedded) image.Url = embedded;
            else image.IsImage = false;
        }
        foreach (var link in document.Descendants<LinkInline>().Where(link => !link.IsImage && link.Url is not null)) link.Url = PageOf(link.Url!);
        // Two dollar signs mean a line of its own, also where they stand in a paragraph.
        foreach (var formula in document.Descendants<MathInline>().Where(formula => formula.DelimiterCount == 2)) formula.GetAttributes().AddClass(FormulaScript.Display);
        return document.ToHtml(Pipeline);
    }

    [GeneratedRegex("<(t[dh])(?: style=\"text-align: left;\")?>(.*?)</\\1>", RegexOptions.Singleline)]
    private static partial Regex LeftCell();

    // A notebook may come from elsewhere, and its page goes elsewhere: no picture of this machine gets into it that does not lie with the notebook.
    private bool IsBelowFolder(string path)
    {
        var root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (!path.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal)) return false;
        for (var at = path; at is not null && at.Length > root.Length; at = Path.GetDirectoryName(at))
            if (new FileInfo(at).LinkTarget is not null) return false;
        return true;
    }

    // A browser shows a notebook's file as the JSON that it is.
    private string PageOf(string url)
    {
        var (file, rest) = url.IndexOf('#', StringComparison.Ordinal) is >= 0 and var mark ? (url[..mark], url[mark..]) : (url, "");
        if (!file.EndsWith(".ipynb", StringComparison.OrdinalIgnoreCase) || file.Contains(':', StringComparison.Ordinal)) return url;
        var name = Uri.UnescapeDataString(file);
        return _notebooks.Contains(Path.GetFullPath(Path.Combine(folder, name))) ? Uri.EscapeDataString(Path.GetFileNameWithoutExtension(name)) + ".html" + rest : url;
    }

    private string? Embedded(string url, JsonObject? attachments)
    {
        if (url.StartsWith("data:", StringComparison.OrdinalIgnoreCase)) return url;
        if (url.StartsWith("attachment:", StringComparison.Ordinal))
        {
            return attachments?[Uri.UnescapeDataString(url["attachment:".Length..])] is JsonObject bundle && bundle.FirstOrDefault() is { Value: { } content } entry
                && NotebookText.Read(content) is { } base64 ? $"data:{entry.Key};base64,{base64.ReplaceLineEndings("")}" : null;
        }
        if (url.Contains(':', StringComparison.Ordinal) || !ImageTypes.TryGetValue(Path.GetExtension(url), out var type)) return null;
        var path = Path.GetFullPath(Path.Combine(folder, Uri.UnescapeDataString(url)));
        return IsBelowFolder(path) && File.Exists(path) ? $"data:{type};base64,{Convert.ToBase64String(File.ReadAllBytes(path))}" : null;
    }
}
