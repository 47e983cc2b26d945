using System.Diagnostics;
using System.Text.Json.Nodes;
using QuantNotebooks.Kernel.Notebooks;
using QuantNotebooks.Kernel.Session;
using QuantNotebooks.Kernel.Tests.Notebooks;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Browser;

/// <summary>A notebook's outputs in JupyterLab's own renderer, which npm has though Debian has no JupyterLab.</summary>
[Collection(nameof(Browser))]
public sealed class JupyterLabRendererTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task OutputsLookAsInTheNotebook()
    {
        await using var browser = await Chromium.StartAsync(1140, 2600);
        await ShowAsync(browser, await OutputsAsync(), trusted: true);
        await browser.WaitForAsync("document.querySelectorAll('.quant-chart').length >= 2");
        await browser.WaitForAsync("Array.from(document.querySelectorAll('.quant-chart')).every(chart => chart.querySelector('.main-svg'))");
        await browser.KeepPictureAsync("lab");
        Assert.Equal("application/vnd.jupyter.stdout", await browser.TextAsync("document.body.querySelector('pre').closest('[data-mime-type]').dataset.mimeType"));
        Assert.Equal("28", await browser.TextAsync("document.querySelector('table').querySelectorAll('tbody tr').length"));
        await browser.WaitForAsync("document.querySelector('[data-mime-type=\"image/svg+xml\"] img').naturalWidth === 20");
        Assert.Contains("DivideByZeroException", await browser.TextAsync("document.querySelector('[data-mime-type$=stderr], [data-mime-type$=error]').innerText"), StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", await browser.TextAsync("document.body.innerText"), StringComparison.Ordinal);
        Assert.Empty(browser.Errors);
    }

    [Fact]
    public async Task UntrustedOutputsReadWell()
    {
        await using var browser = await Chromium.StartAsync(800, 1000);
        await ShowAsync(browser, UntrustedNotebook.OutputsOf(await UntrustedNotebook.RunAsync()), trusted: false);
        await browser.KeepPictureAsync("lab-untrusted");
        await UntrustedNotebook.AssertReadsWellAsync(browser);
    }

    private async Task ShowAsync(Chromium browser, JsonArray outputs, bool trusted)
    {
        var renderer = await BuildRendererAsync();
        var page = folder.Write("page.html", $$"""
            <!DOCTYPE html><html><head><meta charset="utf-8"><title>outputs</title></head><body style="background:#fff;max-width:1100px">
            <script>window.trusted = {{(trusted ? "true" : "false")}}; window.outputs = {{outputs.ToJsonString()}};</script>
            <script src="{{renderer}}"></script></body></html>
            """);
        await browser.OpenAsync(new Uri(page).ToString());
        await browser.WaitForAsync("window.rendered");
        await browser.EvaluateAsync("window.rendered");
    }

    private static async Task<JsonArray> OutputsAsync()
    {
        var document = NotebookDocument.Parse(TestNotebook.Json(
            "Console.WriteLine(\"text\");",
            $"var net = Network.Load(\"{Data("models", "mobilenet-v1-fashion.onnx")}\");\nnet.MeasureMeanShift(ImageSet.Load(\"{Data("fashion-mnist", "calibration")}\").Take(8), QuantizationScheme.Int8PerTensor)",
            "SVG(\"<svg xmlns='http://www.w3.org/2000/svg' width='20' height='20'><rect width='20' height='20'/></svg>\")",
            "int zero = 0; 1 / zero"), "outputs.ipynb");
        var run = await new NotebookRunner(TextWriter.Null).RunAsync(document, NotebookEnvironment.Options(null), allowErrors: true, TestContext.Current.CancellationToken);
        Assert.Equal("System.DivideByZeroException", Assert.Single(run.Failures).Error.Name);
        return [.. document.Cells.SelectMany(cell => cell.Outputs).Select(output => output!.DeepClone())];

        static string Data(params string[] parts) => Repository.PathOf(["data", .. parts]).Replace('\\', '/');
    }

    private static async Task<Uri> BuildRendererAsync()
    {
        var home = await JupyterLabPackages.InstallAsync();
        var bundle = Path.Combine(home, "bundle.js");
        var built = await ProgramRun.OfAsync(new ProcessStartInfo(Installed.Require("npm"), ["run", "build", "--", "--outfile=" + bundle]) { WorkingDirectory = home });
        Assert.True(built.ExitCode == 0, built.Output + built.Error);
        return new Uri(bundle);
    }
}
