using System.Text.RegularExpressions;
using QuantNotebooks.Kernel.Magics;
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
    public void Pictures_of_the_text_come_from_no_network(string notebook) =>
        Assert.All(RepositoryNotebook.Cells(notebook, "markdown"), cell => Assert.DoesNotMatch(NetworkPicture(), cell));

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

    [GeneratedRegex(@"!\[[^\]]*\]\(\s*<?(https?:)?//|<img[^>]+src\s*=\s*[""']?(https?:)?//", RegexOptions.IgnoreCase)]
    private static partial Regex NetworkPicture();

    [GeneratedRegex(@"\[`(?<name>[A-Za-z.]+)`\]\((?<file>[^()\s#]+\.cs)\)")]
    private static partial Regex CodeLink();
}
