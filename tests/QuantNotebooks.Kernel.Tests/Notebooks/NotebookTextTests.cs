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

    [Theory]
    [MemberData(nameof(Notebooks))]
    public void Displayed_formulas_link_to_the_code_that_computes_them(string notebook) => Assert.All(
        RepositoryNotebook.Cells(notebook, "markdown").Where(cell => cell.Contains("$$", StringComparison.Ordinal)), cell => Assert.Matches(@"\]\((\.\./)+src/[^)]+\.cs\)", cell));

    [Theory]
    [MemberData(nameof(Guides))]
    public void Links_of_guides_lead_to_files_that_are_there(string guide) => RequireTargets(guide, File.ReadAllText(Repository.PathOf(guide)));

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
}
