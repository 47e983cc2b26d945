using System.Text.Json.Nodes;
using QuantNotebooks.Kernel.Notebooks;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Notebooks;

/// <summary>The repository's own notebooks run from top to bottom in a process of their own, as a user starts them.</summary>
public sealed class RepositoryNotebooksTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("quantnb-notebooks-").FullName;

    public static TheoryData<string> Notebooks => new(RepositoryNotebook.All);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Notebooks))]
    public async Task Runs_without_an_error_and_shows_its_pictures_offline(string notebook)
    {
        var (exitCode, output, errors) = await RepositoryNotebook.RunAsync(notebook, _folder);
        Assert.True(exitCode == 0, errors);

        var name = Path.GetFileNameWithoutExtension(notebook);
        Assert.Contains(name + ".ipynb", output, StringComparison.Ordinal);
        Assert.Contains(name + ".html", output, StringComparison.Ordinal);
        var cells = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(_folder, name + ".ipynb"), TestContext.Current.CancellationToken))!["cells"]!.AsArray();
        var outputs = cells.Where(cell => (string)cell!["cell_type"]! == "code").SelectMany(cell => cell!["outputs"]!.AsArray()).ToArray();
        Assert.DoesNotContain(outputs, cellOutput => (string)cellOutput!["output_type"]! == "error");
        var html = await File.ReadAllTextAsync(Path.Combine(_folder, name + ".html"), TestContext.Current.CancellationToken);
        Assert.True(html.Split("class=\"quant-chart\"").Length > 1, "the page shows a chart");
        Assert.Empty(NetworkUse.InHtml(html));
        AssertStored(NotebookDocument.Read(Repository.PathOf(notebook)), NotebookDocument.Read(Path.Combine(_folder, name + ".ipynb")));
    }

    // What readers of the file see without running it: the same cells, outputs of the same kinds, charts as pictures, and no plotly.js.
    private static void AssertStored(NotebookDocument stored, NotebookDocument now)
    {
        foreach (var (was, cell) in stored.Cells.Zip(now.Cells).Where(pair => pair.First.Kind == CellKind.Code))
        {
            Assert.Equal(was.Source, cell.Source);
            Assert.Equal(NotebookCheck.KindsOf(cell), NotebookCheck.KindsOf(was));
            Assert.DoesNotContain(was.Outputs, output => NotebookOutputs.IsPlotly(output!));
        }
        var text = stored.ToString();
        Assert.Equal(text.Split("class=\\\"quant-chart\\\"").Length, text.Split("src=\\\"data:image/svg+xml;base64,").Length);
        Assert.InRange(text.Length, 0, 4_000_000);
    }
}
