using System.Net;
using System.Text.RegularExpressions;
using QuantNotebooks.Kernel.Notebooks;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Tests.Notebooks;

public sealed partial class HtmlExportTests
{
    [Fact]
    public async Task TextIsEscaped()
    {
        var html = await TestNotebook.HtmlAsync("# A <i>title</i> & more", "Console.WriteLine(\"<script>out()</script>\"); // <script>code()</script>",
            "\"<script>value()</script>\"", "throw new Exception(\"<script>error()</script>\");", "display(new[] { new { X = \"<script>cell()</script>\" } });");
        Assert.Contains("<title>A title &amp; more</title>", html, StringComparison.Ordinal);
        foreach (var name in (string[])["out", "code", "value", "error", "cell"])
        {
            Assert.DoesNotContain($"<script>{name}()", html, StringComparison.Ordinal);
            Assert.Contains($"&lt;script&gt;{name}()", html, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("var x = $\"a{1 + 2:F1}b\"; // <note>\n#r \"x.dll\"\nrecord R(List<int> A);\nx.Select(y => y is > 3 and not 4)")]
    [InlineData("not <b> C# {{{ at all \" ' /* ")]
    [InlineData("#if X\nhidden < shown\n#endif\nvar s = \"\"\"\n  raw <x>\n  \"\"\";")]
    [InlineData("")]
    [InlineData("#!markdown\n# A var is <b>new</b>\n\n#!time\nvar a = 1;\n")]
    [InlineData("var a = 1;\n#!html\n<p>if</p>")]
    public void ColouringChangesNoCharacter(string code)
    {
        var html = CellColouring.ToHtml(code);
        Assert.Equal(code, WebUtility.HtmlDecode(Tag().Replace(html, "")));
    }

    [Fact]
    public void ColoursTellKindsApart()
    {
        var html = CellColouring.ToHtml("var n = Math.Max(12, \"s\"); // c");
        Assert.Equal(["k:var", "t:Math", "m:Max", "n:12", "s:&quot;s&quot;", "c:// c"],
            Span().Matches(html).Select(match => $"{match.Groups[1].Value}:{match.Groups[2].Value}"));
    }

    [Fact]
    public void MarkdownComesAsHtmlTooForHostsThatShowItAsItWasWritten()
    {
        var output = HtmlTwin.Add(NotebookDisplay.Markdown("**Bold**\n\n| x | y |\n|:---|---:|\n| a | 1 |\n"));
        var html = output[MimeBundle.Html]!;
        Assert.Contains("<strong>Bold</strong>", html, StringComparison.Ordinal);
        Assert.Contains("<td><div align=\"left\">a</div></td>", html, StringComparison.Ordinal);
        Assert.Contains("<td style=\"text-align: right;\">1</td>", html, StringComparison.Ordinal);
        Assert.Equal([MimeBundle.MarkdownText, MimeBundle.PlainText, MimeBundle.Html], output.Parts.Select(part => part.MimeType));
        var other = NotebookDisplay.HTML("<p>as it is</p>");
        Assert.Same(other, HtmlTwin.Add(other));
        // A formula is set by the host that knows Markdown; in HTML none does it everywhere.
        var formula = NotebookDisplay.Markdown("**Bold** $a_1$");
        Assert.Same(formula, HtmlTwin.Add(formula));
    }

    [Theory]
    [InlineData("[next](2%20two.ipynb)", "href=\"2%20two.html\"")]
    [InlineData("[next](../course/2%20two.ipynb#end)", "href=\"2%20two.html#end\"")]
    [InlineData("[other](3.ipynb)", "href=\"3.ipynb\"")]
    [InlineData("[web](https://example.org/2%20two.ipynb)", "href=\"https://example.org/2%20two.ipynb\"")]
    [InlineData("[code](../src/A.cs)", "href=\"../src/A.cs\"")]
    public void LinksToNotebooksThatAreExportedTooLeadToTheirPages(string markdown, string link)
    {
        var course = Path.GetFullPath("course");
        Assert.Contains(link, new MarkdownHtml(course, [Path.Combine(course, "2 two.ipynb")]).ToHtml(markdown), StringComparison.Ordinal);
    }

    [Fact]
    public void AScriptIsHtmlThatFindsItsPlaceByItself()
    {
        var output = HtmlTwin.Add(NotebookDisplay.JavaScript("element.append('</script>');"));
        Assert.Equal([MimeBundle.Html, MimeBundle.PlainText], output.Parts.Select(part => part.MimeType));
        var html = output[MimeBundle.Html]!;
        var id = Regex.Match(html, "id=\"([^\"]+)\"").Groups[1].Value;
        Assert.Contains($"getElementById('{id}')", html, StringComparison.Ordinal);
        Assert.Equal(1, Regex.Count(html, "</script>"));
    }

    [Fact]
    public void TheTextOfAMagicIsNoCode()
    {
        Assert.Equal(["d:#!markdown\n"], Span().Matches(CellColouring.ToHtml("#!markdown\nA new var is 12")).Select(match => $"{match.Groups[1].Value}:{match.Groups[2].Value}"));
    }

    [Fact]
    public async Task TwoChartsShareOnePlotly()
    {
        var html = await TestNotebook.HtmlAsync(TestNotebook.Chart.Replace("ID", "a"), TestNotebook.Chart.Replace("ID", "b"));
        Assert.Equal(2, html.Split("data-quant-notebooks=\"plotly.js\"").Length);
        Assert.Equal(3, html.Split("class=\"quant-chart\"").Length);
        Assert.True(html.IndexOf("plotly.js v", StringComparison.Ordinal) is var library and > 0 && library < html.IndexOf("<body>", StringComparison.Ordinal));
    }

    [Fact]
    public async Task WithoutChartsThePageIsSmall() => Assert.InRange((await TestNotebook.HtmlAsync("# T", "1 + 1")).Length, 1000, 20_000);

    [Fact]
    public async Task FormulasBringTheirScriptAndPagesWithoutDoNot()
    {
        var html = await TestNotebook.HtmlAsync("# T\nInline $a < b$ and\n\n$$\\frac{1}{2}$$", "LaTeX(\"$e^{i\\\\pi}$\")");
        Assert.Contains("<span class=\"math\">\\(a &lt; b\\)</span>", html, StringComparison.Ordinal);
        Assert.Contains("<div class=\"math\">\\[e^{i\\pi}\\]</div>", html, StringComparison.Ordinal);
        Assert.Single(TemmlScript().Matches(html));
        Assert.Empty(TemmlScript().Matches(await TestNotebook.HtmlAsync("# T\nNo formula", "1")));
    }

    [GeneratedRegex("<script>/\\*! Temml")]
    private static partial Regex TemmlScript();

    [Fact]
    public async Task NothingIsLoadedFromTheNetwork()
    {
        var html = await TestNotebook.HtmlAsync("# T\n![picture](https://example.org/x.png) ![local](missing.png) [link](https://example.org)", TestNotebook.Chart.Replace("ID", "a"));
        var markup = Script().Replace(html, "<script></script>");
        Assert.Empty(Resource().Matches(markup).Select(match => match.Value));
        Assert.Contains("default-src 'none'", markup, StringComparison.Ordinal);
        Assert.Contains("<a href=\"https://example.org/x.png\">picture</a>", markup, StringComparison.Ordinal);
    }

    [Fact]
    public void ImagesBesideTheNotebookAreEmbedded()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("a b.png"), [1, 2, 3]);
        Assert.Contains("src=\"data:image/png;base64,AQID\"", new MarkdownHtml(folder.Path, []).ToHtml("![x](a%20b.png)"), StringComparison.Ordinal);
    }

    [Fact]
    public void OutputsOfOtherToolsAreShownByTheirBestType()
    {
        const string text = """
            {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code", "id": "c", "metadata": {}, "execution_count": 1, "source": "x", "outputs": [
              {"output_type": "display_data", "metadata": {}, "data": {"text/plain": "PLAIN1", "image/png": "QUJD\n"}},
              {"output_type": "display_data", "metadata": {}, "data": {"text/plain": "PLAIN2", "text/markdown": ["*", "em*"]}},
              {"output_type": "stream", "name": "stdout", "text": "10 %\r20 %\r\n\u001b[31mred\u001b[0m\n"},
              {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["\u001b[1;31mE\u001b[0m: v"]}]}]}
            """;
        var html = HtmlExport.ToHtml(NotebookDocument.Parse(text, "x.ipynb"), "x.ipynb");
        Assert.Contains("data:image/png;base64,QUJD\"", html, StringComparison.Ordinal);
        Assert.Contains("<em>em</em>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("PLAIN2", html, StringComparison.Ordinal);
        Assert.Contains("\">20 %\n<span class=\"a1\">red</span>\n</pre>", html, StringComparison.Ordinal);
        Assert.Contains("><span class=\"a1\" style=\"font-weight:600;\">E</span>: v</pre>", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\u001b[31mred\u001b[39m plain", "<span class=\"a1\">red</span> plain")]
    [InlineData("\u001b[1;96mx\u001b[22my\u001b[mz", "<span class=\"a14\" style=\"font-weight:600;\">x</span><span class=\"a14\">y</span>z")]
    [InlineData("\u001b[41mx", "<span style=\"background:#a31515;color:#ffffff;\">x</span>")]
    [InlineData("\u001b[30;103mx", "<span style=\"background:#f2d24b;color:#000000;\">x</span>")]
    [InlineData("\u001b[38;5;196mx", "<span style=\"color:#ff0000;\">x</span>")] // the cube's 16 + 36 * 5
    [InlineData("\u001b[38;5;255mx", "<span style=\"color:#eeeeee;\">x</span>")]
    [InlineData("\u001b[38;5;9;4mx", "<span class=\"a9\" style=\"text-decoration:underline;\">x</span>")]
    [InlineData("\u001b[38;2;1;2;300mx", "<span style=\"color:#0102ff;\">x</span>")]
    [InlineData("\u001b[31m10 %\r20 %\u001b[0m\n", "<span class=\"a1\">20 %</span>\n")]
    [InlineData("\u001b[3;38mx\u001b[999my", "<span style=\"font-style:italic;\">x</span><span style=\"font-style:italic;\">y</span>")]
    [InlineData("a\u001b[2Kb\u001b[?25lc\u001b]8;;http://x\u001b\\d\u001b[1 qe", "abcde")]
    [InlineData("\u001b[31m<&>\u001b[0m", "<span class=\"a1\">&lt;&amp;&gt;</span>")]
    public void TextLooksAsInATerminal(string text, string html) => Assert.Equal(html, TerminalText.ToHtml(text));

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tag();

    [GeneratedRegex("<span class=\"(.)\">([^<]*)</span>")]
    private static partial Regex Span();

    [GeneratedRegex("<script.*?</script>", RegexOptions.Singleline)]
    private static partial Regex Script();

    [GeneratedRegex("""(src|srcset|data|poster|action)\s*=\s*["']?\s*(https?:)?//[^"']*|<link[^>]*>|@import[^;]*|url\(\s*["']?(https?:)?//[^)]*""", RegexOptions.IgnoreCase)]
    private static partial Regex Resource();
}
