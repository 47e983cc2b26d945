using System.Text.Json.Nodes;
using QuantNotebooks.Kernel.Tests.Browser;
using QuantNotebooks.Kernel.Tests.CommandLine;
using QuantNotebooks.Kernel.Tests.Notebooks;
using QuantNotebooks.Notebook.Commands;

namespace QuantNotebooks.Kernel.Tests.Security;

/// <summary>Names of layers, tensors, files and classes that are scripts and elements: on no page does any of them run, or become more than text.</summary>
[Collection(nameof(RunCommandTests))]
public sealed class HostileNamesTests : IDisposable
{
    private readonly HostileNetwork _hostile = new();

    public void Dispose() => _hostile.Dispose();

    [Fact]
    public async Task NoNameRunsOnAnyPage()
    {
        await using var browser = await Chromium.StartAsync(1000, 1200);
        await OpenAsync(browser, await PageAsync("load"));
        await OpenAsync(browser, await PageAsync("shift", "--images", _hostile.Images, "--split", "--weight-bits", "4"));
        await OpenAsync(browser, await PageAsync("sensitivity", "--images", _hostile.Images, "--weight-bits", "4"));
        await OpenAsync(browser, await PageAsync("equalize", "--images", _hostile.Images, "--weight-bits", "4"));
        await OpenAsync(browser, await PageAsync("correct", "--images", _hostile.Images, "--held-out", "6", "--weight-bits", "4"));
        await OpenAsync(browser, await PageAsync("compare", "--images", _hostile.Images, "--calibration", _hostile.Images, "--schemes", "8/8,4/4"));
        await OpenAsync(browser, await PageAsync("report", "--images", _hostile.Images, "--held-out", "6", "--weight-bits", "4"));
        await OpenAsync(browser, await NotebookAsync());
    }

    private async Task<string> PageAsync(string command, params string[] words)
    {
        var page = _hostile.PathOf(command + ".html");
        var (exitCode, _, error) = await Cli.InvokeAsync([command, _hostile.Model, .. words, "--html", page]);
        Assert.True(exitCode == 0, error);
        return page;
    }

    private async Task<string> NotebookAsync()
    {
        var model = Quoted(_hostile.Model);
        var images = Quoted(_hostile.Images);
        await File.WriteAllTextAsync(_hostile.PathOf("n.ipynb"), TestNotebook.Json(
            $"#!quant-load {model} --as net", "net", "net.Layers", $"var images = ImageSet.Load({new JsonObject { ["a"] = _hostile.Images }["a"]!.ToJsonString()}); images",
            "#!quant-shift net --images images --as shift", "shift", "net.Layers[0].Name", $"#!quant-evaluate net --images images --float", "throw new Exception(net.Layers[0].Name);"));
        var (_, _, error) = await Cli.InvokeAsync("run", _hostile.PathOf("n.ipynb"), "--out", _hostile.PathOf("o"));
        Assert.Contains("code cell 9 failed", error, StringComparison.Ordinal);
        Assert.DoesNotContain("code cell 1 failed", error, StringComparison.Ordinal);
        return Path.Combine(_hostile.PathOf("o"), "n.html");

        static string Quoted(string word) => $"\"{word.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    private static async Task OpenAsync(Chromium browser, string page)
    {
        await browser.OpenAsync(new Uri(page).ToString());
        await browser.WaitForAsync("document.readyState === 'complete' && Array.from(document.querySelectorAll('.quant-chart')).every(chart => chart.querySelector('.main-svg'))");
        await browser.EvaluateAsync("document.querySelectorAll('details').forEach(one => one.open = true)");
        // Labels under the mouse are made when it comes.
        var charts = JsonNode.Parse(await browser.TextAsync("JSON.stringify(Array.from(document.querySelectorAll('.quant-chart')).slice(0, 12).map((chart, index) => index))"))!.AsArray();
        for (var index = 0; index < charts.Count; index++)
        {
            var place = JsonNode.Parse(await browser.TextAsync(
                $"(() => {{ const c = document.querySelectorAll('.quant-chart')[{index}]; c.scrollIntoView({{block: 'center'}}); const b = (c.querySelector('.nsewdrag') || c).getBoundingClientRect(); return JSON.stringify([b.x + b.width / 2, b.y + b.height / 2]); }})()"))!;
            await browser.HoverAsync(place[0]!.GetValue<double>(), place[1]!.GetValue<double>());
        }
        var text = await browser.TextAsync("document.body.innerText");
        Assert.Contains("hacked", text, StringComparison.Ordinal);
        Assert.Equal("undefined", await browser.TextAsync("typeof window.hacked"));
        Assert.Equal("", await browser.TextAsync("Array.from(document.querySelectorAll('[onerror], [onload], [onmouseover], iframe, img[src=x]')).map(one => one.outerHTML).join(' ')"));
        Assert.Equal("", await browser.TextAsync("Array.from(document.querySelectorAll('a')).map(link => link.getAttribute('href') || link.getAttribute('xlink:href') || '').filter(link => /javascript:/i.test(link)).join(' ')"));
        Assert.Empty(browser.Errors);
    }
}
