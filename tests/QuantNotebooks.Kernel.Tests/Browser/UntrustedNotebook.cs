using System.Text.Json.Nodes;
using QuantNotebooks.Kernel.Notebooks;
using QuantNotebooks.Kernel.Session;
using QuantNotebooks.Kernel.Tests.Notebooks;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Browser;

/// <summary>
/// Pictures and a table, stored by somebody else: Jupyter shows them without their styles and scripts until the reader trusts the notebook.
/// </summary>
internal static class UntrustedNotebook
{
    /// <summary>The notebook, run, with nobody's signature.</summary>
    public static async Task<NotebookDocument> RunAsync()
    {
        var images = Repository.PathOf("data", "fashion-mnist", "calibration").Replace('\\', '/');
        var document = NotebookDocument.Parse(TestNotebook.Json(
            $"ImageSet.Load(\"{images}\").Take(12)", "new[] { new { Name = \"short\", Reason = \"a sentence that makes this column wide\" }, new { Name = \"a longer name\", Reason = \"brief\" } }"), "untrusted.ipynb");
        document.SetKernel();
        var run = await new NotebookRunner(TextWriter.Null).RunAsync(document, NotebookEnvironment.Options(null), allowErrors: false, TestContext.Current.CancellationToken);
        Assert.Empty(run.Failures);
        return document;
    }

    /// <summary>What its cells show.</summary>
    public static JsonArray OutputsOf(NotebookDocument document) => [.. document.Cells.SelectMany(cell => cell.Outputs).Select(output => output!.DeepClone())];

    /// <summary>Twelve pictures in two rows, each above its label, and texts at the left of their columns, though no style is left.</summary>
    public static async Task AssertReadsWellAsync(Chromium page)
    {
        Assert.Equal("0", await page.TextAsync("document.querySelectorAll('.quant-result style, .quant-frame style, .quant-frame script').length"));
        await page.WaitForAsync("Array.from(document.querySelectorAll('.quant-result img')).every(picture => picture.complete)");
        Assert.Equal("6,6", await page.TextAsync("""
            (() => {
              const rows = {};
              document.querySelectorAll('.quant-result img').forEach(picture => { const top = Math.round(picture.getBoundingClientRect().top); rows[top] = (rows[top] || 0) + 1; });
              return Object.values(rows).join();
            })()
            """));
        Assert.Equal("true", await page.TextAsync("""
            Array.from(document.querySelectorAll('.quant-result td')).every(cell => {
              const picture = cell.querySelector('img').getBoundingClientRect(), text = document.createRange();
              text.selectNodeContents(cell.querySelector('img + div'));
              const label = text.getBoundingClientRect();
              return label.top >= picture.bottom && Math.abs((label.left + label.right) - (picture.left + picture.right)) < 4;
            })
            """));
        Assert.Equal("true", await page.TextAsync("""
            [1, 2].every(column => {
              const starts = Array.from(document.querySelectorAll('.quant-frame tr')).map(row => {
                const text = document.createRange();
                text.selectNodeContents(row.cells[column].querySelector('div') || row.cells[column]);
                return text.getBoundingClientRect().left;
              });
              return Math.max(...starts) - Math.min(...starts) < 1 || starts.join();
            })
            """));
    }
}
