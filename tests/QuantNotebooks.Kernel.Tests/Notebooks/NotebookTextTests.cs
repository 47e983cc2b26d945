using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using QuantNotebooks.Kernel.Magics;
using QuantNotebooks.Kernel.Notebooks;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Notebooks;

/// <summary>What the notebooks and guides of the repository say, without running them.</summary>
public sealed partial class NotebookTextTests
{
    public static TheoryData<string> Notebooks => new(RepositoryNotebook.All);

    public static TheoryData<string> Guides => new("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "notebooks/course/README.md", "data/README.md");

    [Theory]
    [MemberData(nameof(Notebooks))]
    public void Opens_with_a_title_a_question_and_how_long_it_takes(string notebook)
    {
        var first = RepositoryNotebook.Cells(notebook, "markdown").First();
        Assert.StartsWith("# ", first, StringComparison.Ordinal);
        Assert.Matches(@"takes about|less than a minute", first);
    }

    [Theory]
    [MemberData(nameof(Notebooks))]
    public void Links_lead_to_files_that_are_there(string notebook) =>
        RequireTargets(notebook, string.Join("\n\n", RepositoryNotebook.Cells(notebook, "markdown")));

    // The exported page leaves such pictures out, but Jupyter and code hosts would fetch them.
    [Theory]
    [MemberData(nameof(Notebooks))]
    public void The_text_loads_nothing_from_a_network(string notebook) =>
        Assert.All(RepositoryNotebook.Cells(notebook, "markdown"), cell => Assert.Empty(NetworkUse.InMarkdown(cell)));

    [Theory]
    [MemberData(nameof(Notebooks))]
    public void Stored_outputs_load_nothing_from_a_network(string notebook)
    {
        var outputs = NotebookDocument.Read(Repository.PathOf(notebook)).Cells.Where(cell => cell.Kind == CellKind.Code).SelectMany(cell => cell.Outputs).Select(output => output!["data"]).OfType<JsonObject>().ToArray();
        Assert.NotEmpty(outputs);
        foreach (var output in outputs)
        {
            foreach (var mime in (string[])["text/html", "image/svg+xml"]) Assert.Empty(NetworkUse.InHtml(Text(output, mime)));
            Assert.Empty(NetworkUse.InMarkdown(Text(output, "text/markdown")));
        }

        static string Text(JsonObject output, string mime) => output[mime] is JsonArray lines ? string.Concat(lines.Select(line => (string)line!)) : (string?)output[mime] ?? "";
    }

    // The tests above pass for what they do not look for, too; here are copies of a notebook's text that they must not pass.
    [Theory]
    [InlineData("![a](https://example.org/a.png)")]
    [InlineData("![a]( <//example.org/a.png> )")]
    [InlineData("![a][b]\n\n[b]: https://example.org/a.png")]
    [InlineData("![b]\n\n[b]: http://example.org/a.png")]
    [InlineData("<img alt=\"a\" src=\"https://example.org/a.png\">")]
    [InlineData("<IMG SRC = '//example.org/a.png'>")]
    [InlineData("<img src=a.png srcset='a.png 1x, https://example.org/a.png 2x'>")]
    [InlineData("<script src=\"https://example.org/a.js\"></script>")]
    [InlineData("<script>fetch('https://example.org/a.json')</script>")]
    [InlineData("<script>let a = 1; import(`https://example.org/a.js`)</script>")]
    [InlineData("<link rel=\"stylesheet\" href=\"https://example.org/a.css\">")]
    [InlineData("<style>@import 'https://example.org/a.css';</style>")]
    [InlineData("<style>@font-face { src: url(//example.org/a.woff) }</style>")]
    [InlineData("<p style=\"background: url('https://example.org/a.png')\">a</p>")]
    [InlineData("<iframe src=\"http://example.org\"></iframe>")]
    [InlineData("<object data=\"https://example.org/a.svg\"></object>")]
    [InlineData("<video poster=\"https://example.org/a.png\"></video>")]
    [InlineData("<svg><image xlink:href=\"https://example.org/a.png\"/></svg>")]
    public void A_faulty_copy_of_the_text_is_found(string fault)
    {
        var cell = RepositoryNotebook.Cells(RepositoryNotebook.All[0], "markdown").First();
        Assert.Empty(NetworkUse.InMarkdown(cell));
        Assert.NotEmpty(NetworkUse.InMarkdown(cell + "\n\n" + fault));
        Assert.NotEmpty(NetworkUse.InMarkdown(fault + "\n\n" + cell));
    }

    [Theory]
    [InlineData("[a](https://example.org), <https://example.org>, https://example.org and [b]\n\n[b]: https://example.org")]
    [InlineData("<a href=\"https://example.org\">a</a>")]
    [InlineData("![a](images/a.png) ![b]\n\n[b]: images/b.png")]
    [InlineData("<img src=\"data:image/png;base64,//8AAA//\">")]
    [InlineData("<svg xmlns=\"http://www.w3.org/2000/svg\"></svg><script>document.createElementNS('http://www.w3.org/2000/svg', 'svg') // see there</script>")]
    public void What_waits_for_a_click_or_is_here_is_no_use_of_a_network(string text) => Assert.Empty(NetworkUse.InMarkdown(text));

    [Theory]
    [MemberData(nameof(Notebooks))]
    public void Displayed_formulas_link_to_the_code_that_computes_them(string notebook) => Assert.All(
        RepositoryNotebook.Cells(notebook, "markdown").Where(cell => cell.Contains("$$", StringComparison.Ordinal)), cell => Assert.Matches(@"\]\((\.\./)+src/[^)]+\.cs\)", cell));

    // [`ChannelShift.NoisePower`](../src/.../ChannelShift.cs): both names are words of that file.
    [Theory]
    [MemberData(nameof(Notebooks))]
    public void Links_to_code_name_what_stands_there(string notebook)
    {
        var folder = Path.GetDirectoryName(Repository.PathOf(notebook))!;
        Assert.All(
            CodeLink().Matches(string.Join("\n\n", RepositoryNotebook.Cells(notebook, "markdown"))),
            link => Assert.All(link.Groups["name"].Value.Split('.'), name => Assert.Matches($@"\b{name}\b", File.ReadAllText(Path.Combine(folder, link.Groups["file"].Value)))));
    }

    [Theory]
    [MemberData(nameof(Guides))]
    public void Links_of_guides_lead_to_files_that_are_there(string guide) => RequireTargets(guide, File.ReadAllText(Repository.PathOf(guide)));

    [Fact]
    public void Each_notebook_leads_on_to_the_next()
    {
        string[] path = [.. Directory.GetFiles(Repository.PathOf("notebooks"), "0*.ipynb").Order(StringComparer.Ordinal)];
        string[] course = [.. Directory.GetFiles(Repository.PathOf("notebooks", "course"), "*.ipynb").Order(StringComparer.Ordinal)];
        foreach (var chain in new[] { path, course })
        {
            Assert.Equal(6, chain.Length);
            Assert.All(chain.Zip(chain.Skip(1)), pair => Assert.Contains(
                $"({Path.GetFileName(pair.Second)})",
                RepositoryNotebook.Cells(Path.GetRelativePath(Repository.Root, pair.First), "markdown").Single(cell => cell.Contains("**Next.**", StringComparison.Ordinal)).Split("**Next.**")[1],
                StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Every_magic_has_an_example()
    {
        var examples = RepositoryNotebook.Cells(Path.Combine("notebooks", "magics.ipynb"), "code").SelectMany(cell => cell.Split('\n'))
            .Where(line => line.StartsWith(Magic.Prefix, StringComparison.Ordinal)).Select(line => line[Magic.Prefix.Length..].Split(' ')[0]).ToHashSet();
        Assert.Empty(MagicSet.All.Select(magic => magic.Name).Except(examples));
    }

    private static void RequireTargets(string document, string markdown)
    {
        var folder = Path.GetDirectoryName(Repository.PathOf(document))!;
        Assert.All(
            LinkTarget().Matches(markdown).Select(match => match.Groups[1].Value.Split('#')[0]).Where(target => target.Length > 0 && !target.Contains("://", StringComparison.Ordinal)),
            target => Assert.True(Path.Exists(Path.Combine(folder, target)), $"{document} links to {target}, which is not there"));
    }

    [GeneratedRegex(@"\]\(([^()\s]+)\)")]
    private static partial Regex LinkTarget();

    [GeneratedRegex(@"\[`(?<name>[A-Za-z.]+)`\]\((?<file>[^()\s#]+\.cs)\)")]
    private static partial Regex CodeLink();
}
