using System.Text.Json.Nodes;
using QuantNotebooks.Kernel.Notebooks;
using QuantNotebooks.Kernel.Tests.Notebooks;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Browser;

/// <summary>The first notebook in Jupyter Notebook as its reader has it: run all, look, hover, interrupt, restart and run again.</summary>
[Collection(nameof(Browser))]
public sealed class NotebookPageTests : IDisposable
{
    private const string Name = "01-mean-activation-shift.ipynb";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task TheFirstNotebookRunsAndItsChartsCanBeRead()
    {
        Directory.CreateDirectory(folder.File("notebooks"));
        Directory.CreateSymbolicLink(folder.File("data"), Repository.PathOf("data"));
        File.Copy(Repository.PathOf("notebooks", Name), folder.File("notebooks/" + Name));
        await using var server = await JupyterNotebook.StartAsync(folder.Path);
        await using var page = await Chromium.StartAsync();
        await page.OpenAsync(server.AddressOf("notebooks/" + Name));
        await page.WaitForAsync("window.Jupyter && Jupyter.notebook && Jupyter.notebook.kernel && Jupyter.notebook.kernel.is_connected()");

        await page.EvaluateAsync("document.querySelector('#run_all_cells a').click()");
        await page.WaitForAsync(Done(35), TimeSpan.FromMinutes(8));
        Assert.Equal("", await page.TextAsync("Array.from(document.querySelectorAll('.output_error')).map(e => e.innerText).join()"));
        var charts = (await page.EvaluateAsync("document.querySelectorAll('.quant-chart').length"))!.GetValue<int>();
        Assert.InRange(charts, 8, 40);
        Assert.Equal(charts, (await page.EvaluateAsync("document.querySelectorAll('.quant-chart .main-svg').length / 3 | 0"))!.GetValue<int>());
        await HoverAHeatMapAsync(page);

        await RunCellAsync(page, "#!quant-shift asTrained --images ../data/fashion-mnist/test --count 500");
        await page.WaitForAsync(Last + ".element.find('progress').length");
        await page.KeepPictureAsync("progress");
        await page.WaitForAsync(Last + ".element.find('.quant-chart .main-svg').length", TimeSpan.FromMinutes(3));
        await page.KeepPictureAsync("magic");
        Assert.Equal("0", await page.TextAsync(Last + ".element.find('progress').length"));

        await RunCellAsync(page, "#!quant-shift asTrained --images ../data/fashion-mnist/test --calibration ../data/fashion-mnist/calibration --calibration-count 16 --as part");
        await page.WaitForAsync($"/shift: [1-9][0-9,]* of 10,000 images, (?!calibration)/.test({Last}.element.text())", TimeSpan.FromMinutes(1));
        await page.EvaluateAsync("document.querySelector('#int_kernel a').click()");
        await page.WaitForAsync(Last + ".element.text().includes('Stopped early: measured on the first ')", TimeSpan.FromSeconds(10));
        await page.WaitForAsync(Last + ".element.find('.quant-chart .main-svg').length");
        await page.KeepPictureAsync("stopped");
        await RunCellAsync(page, "part.Images.Count is > 0 and < 10_000");
        await page.WaitForAsync(Last + ".element.find('.output_result').text().includes('True')");

        await RunCellAsync(page, "Console.Write(\"begun\"); while (true) { }");
        await page.WaitForAsync(Last + ".element.find('.output_stdout').text().includes('begun')");
        await page.EvaluateAsync("document.querySelector('#int_kernel a').click()");
        await page.WaitForAsync(Last + ".element.text().includes('The cell was interrupted.')", TimeSpan.FromSeconds(10));
        await page.KeepPictureAsync("interrupted");

        await page.EvaluateAsync("document.querySelector('#restart_run_all a').click()");
        await page.WaitForAsync("document.querySelector('.modal.in .btn-danger')");
        await page.EvaluateAsync("document.querySelector('.modal.in .btn-danger').click()");
        await page.WaitForAsync(Done(9), TimeSpan.FromMinutes(3));
        await page.EvaluateAsync("document.querySelector('#int_kernel a').click()");
        Assert.Equal("1", await page.TextAsync(Number(3)));
        await page.WaitForAsync($"{Cell(9)}.element.find('.quant-chart .main-svg').length > 0");
        Assert.Empty(page.Errors);
    }

    [Fact]
    public async Task ADeadKernelSaysWhyWhereItsUserLooks()
    {
        var document = NotebookDocument.Parse(TestNotebook.Json("var kept = 1;", "record Ring { public Ring Next { get; set; } }\nvar ring = new Ring(); ring.Next = ring;\nring.GetHashCode()", "1 + 1"), "dies.ipynb");
        document.SetKernel();
        document.Write(folder.File("dies.ipynb"));
        await using var server = await JupyterNotebook.StartAsync(folder.Path);
        await using var page = await Chromium.StartAsync();
        await page.OpenAsync(server.AddressOf("dies.ipynb"));
        await page.WaitForAsync("window.Jupyter && Jupyter.notebook && Jupyter.notebook.kernel && Jupyter.notebook.kernel.is_connected()");
        await page.EvaluateAsync(Cell(1) + ".execute()");
        await page.WaitForAsync(Done(1), TimeSpan.FromMinutes(1));
        await page.EvaluateAsync(Cell(2) + ".execute()");
        await page.WaitForAsync(Cell(2) + ".element.text().includes('The stack overflowed')", TimeSpan.FromMinutes(1));
        await page.KeepPictureAsync("died");
        await page.WaitForAsync("document.querySelector('.modal.in .btn-primary')");
        await page.EvaluateAsync("document.querySelector('.modal.in .btn-primary').click()");
        await page.EvaluateAsync(Cell(3) + ".execute()");
        await page.WaitForAsync(Done(3), TimeSpan.FromMinutes(1));
        Assert.Contains("The kernel's process died while it ran cell [2] record Ring", await page.TextAsync(Cell(3) + ".element.find('.output_stderr').text()"), StringComparison.Ordinal);
        await page.WaitForAsync("!document.body.innerText.includes('Dead kernel')");
        await page.KeepPictureAsync("died-next");
    }

    [Fact]
    public async Task AnUntrustedNotebookReadsWell()
    {
        (await UntrustedNotebook.RunAsync()).Write(folder.File("untrusted.ipynb"));
        await using var server = await JupyterNotebook.StartAsync(folder.Path);
        await using var page = await Chromium.StartAsync(800, 1000);
        await page.OpenAsync(server.AddressOf("untrusted.ipynb"));
        await page.WaitForAsync("window.Jupyter && Jupyter.notebook && Jupyter.notebook._fully_loaded");
        await page.WaitForAsync("document.querySelectorAll('.output_html').length === 2");
        Assert.Equal("false", await page.TextAsync("Jupyter.notebook.trusted"));
        await page.KeepPictureAsync("untrusted");
        await UntrustedNotebook.AssertReadsWellAsync(page);
    }

    private static async Task HoverAHeatMapAsync(Chromium page)
    {
        var box = (await page.EvaluateAsync($$"""
            (() => {
              const chart = {{Cell(9)}}.element.find('.quant-chart')[0];
              chart.scrollIntoView({ block: 'center' });
              const plot = chart.querySelector('.nsewdrag').getBoundingClientRect();
              return { x: plot.x + plot.width / 2, y: plot.y + plot.height / 2, width: plot.width };
            })()
            """))!;
        // Notebook 6 shows long outputs in a low box; charts must not be squeezed into it.
        Assert.InRange((await page.EvaluateAsync(Cell(9) + ".element.find('.output')[0].clientHeight"))!.GetValue<double>(), 1000, 10_000);
        Assert.InRange(box["width"]!.GetValue<double>(), 400, 1280);
        await page.HoverAsync(box["x"]!.GetValue<double>(), box["y"]!.GetValue<double>());
        await page.WaitForAsync("document.querySelector('.hoverlayer .hovertext')");
        await page.KeepPictureAsync("hover");
        Assert.Contains("channel", await page.TextAsync("document.querySelector('.hoverlayer').textContent"), StringComparison.Ordinal);
    }

    private static Task<JsonNode?> RunCellAsync(Chromium page, string code) => page.EvaluateAsync($$"""
        (() => {
          const cell = Jupyter.notebook.insert_cell_at_bottom('code');
          cell.set_text({{JsonValue.Create(code).ToJsonString()}});
          cell.element[0].scrollIntoView();
          cell.execute();
        })()
        """);

    private const string Last = "Jupyter.notebook.get_cells().slice(-1)[0]";

    // The notebook's cells are named by their place, from 1.
    private static string Cell(int place) => $"Jupyter.notebook.get_cell({place - 1})";

    private static string Number(int place) => $"{Cell(place)}.input_prompt_number";

    private static string Done(int place) => $"Number.isInteger({Number(place)})";
}

/// <summary>Tests that keep both cores busy for a while, one after the other.</summary>
[CollectionDefinition(nameof(Browser), DisableParallelization = true)]
public sealed class Browser;
