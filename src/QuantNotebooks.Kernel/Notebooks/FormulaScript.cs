using System.Text;

namespace QuantNotebooks.Kernel.Notebooks;

/// <summary>
/// Formulas in exported pages: Temml, which the page carries where it has any, turns the TeX into MathML, which browsers draw themselves.
/// </summary>
internal static class FormulaScript
{
    /// <summary>The class of formulas within a paragraph that want a line of their own.</summary>
    public const string Display = "display";

    private const string Mark = "class=\"math";

    // What can't be read as TeX stays as it is written, in red.
    private const string Render = """
        for (const element of document.querySelectorAll('.math')) {
          const isDisplay = element.tagName === 'DIV' || element.classList.contains('display');
          temml.render(element.textContent.trim().replace(/^\\[(\[]|\\[)\]]$/g, ''), element, { displayMode: isDisplay, throwOnError: false });
        }
        """;

    private static readonly Lazy<string> Library = new(Read);

    /// <summary>The scripts for a page's body; nothing where it has no formulas.</summary>
    public static string For(string body) => body.Contains(Mark, StringComparison.Ordinal) ? $"<script>{Library.Value}</script>\n<script>\n{Render}\n</script>\n" : "";

    /// <summary>A formula on a line of its own.</summary>
    /// <param name="latex">TeX, with or without its dollar signs.</param>
    public static string Element(string latex) => $"<div class=\"math\">\\[{System.Net.WebUtility.HtmlEncode(latex.Trim().Trim('$'))}\\]</div>\n";

    private static string Read()
    {
        const string name = "QuantNotebooks.Kernel.Notebooks.temml.min.js";
        using var stream = typeof(FormulaScript).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"No embedded resource '{name}'.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
