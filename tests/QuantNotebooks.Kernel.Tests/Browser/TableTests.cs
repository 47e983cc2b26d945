using Deedle;
using QuantNotebooks.Equalization;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Formatters;
using QuantNotebooks.Notebook.Frames;
using QuantNotebooks.Notebook.Hosting;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Browser;

/// <summary>Tables in a real browser: what a click does, and what goes to the clipboard.</summary>
[Collection(nameof(Browser))]
public class TableTests
{
    private const string Clipboard = "window.copied=null;Object.defineProperty(navigator,'clipboard',{value:{writeText:function(t){window.copied=t;return Promise.resolve()}}})";

    [Fact]
    public async Task HeadingsSortFoldedRowsUnfoldAndCopiesHoldAllDigits()
    {
        var columns = new FrameBuilder.Columns<int, string>();
        var random = new Random(7);
        double[] values = [.. Enumerable.Range(0, 100).Select(row => row == 50 ? double.NaN : row == 51 ? double.PositiveInfinity : (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-8, 8)))];
        columns.Add("value", new Series<int, double>(Enumerable.Range(0, 100), values));
        columns.Add("name, \"quoted\"", new Series<int, string>(Enumerable.Range(0, 100), values.Select((_, row) => $"layer.{99 - row}")));
        await using var page = await OpenAsync(columns.Frame.ToHtml());
        await page.EvaluateAsync(Clipboard);

        await page.EvaluateAsync("[...document.querySelectorAll('.quant-tools button')][0].click()");
        Assert.Equal(columns.Frame.ToCsv(), await page.TextAsync("window.copied"));

        string[] shown = ["Array.from(document.querySelectorAll('tbody tr:not([hidden]):not(.quant-gap)')).map(r=>r.cells[1].getAttribute('data-v')||r.cells[1].textContent).join(' ')",
            "document.querySelectorAll('th button')[1].click()"];
        await page.EvaluateAsync(shown[1]);
        var order = Enumerable.Range(0, 100).OrderBy(row => double.IsNaN(values[row])).ThenBy(row => values[row]).ToArray();
        Assert.Equal(string.Join(' ', order.Where((_, index) => index is < 20 or >= 95).Select(row => Exact(values[row]))), await page.TextAsync(shown[0]));
        Assert.Equal("none ascending none", await page.TextAsync("Array.from(document.querySelectorAll('th')).map(h=>h.getAttribute('aria-sort')).join(' ')"));

        await page.EvaluateAsync("document.querySelector('.quant-gap button').click()");
        await page.EvaluateAsync(shown[1]);
        order = [.. Enumerable.Range(0, 100).OrderBy(row => double.IsNaN(values[row])).ThenByDescending(row => values[row])];
        Assert.Equal(string.Join(' ', order.Select(row => Exact(values[row]))), await page.TextAsync(shown[0]));
        await page.EvaluateAsync("[...document.querySelectorAll('.quant-tools button')][0].click()");
        Assert.Equal(columns.Frame.ToCsv().Split('\n')[order[0] + 1], (await page.TextAsync("window.copied")).Split('\n')[1]);

        // Names count as people do: layer.9 stands before layer.10.
        await page.EvaluateAsync("document.querySelectorAll('th button')[2].click()");
        Assert.Equal("layer.0 layer.1 layer.2", await page.TextAsync("Array.from(document.querySelectorAll('tbody tr')).slice(0,3).map(r=>r.cells[2].textContent).join(' ')"));
        Assert.Empty(page.Errors);
    }

    [Fact]
    public async Task CopiesOfRecordsCallColumnsByTheirProperties()
    {
        NotebookFormatters.Register();
        await using var page = await OpenAsync(MimeBundle.Of(new[] { new { PointsLost = 1.5, Name = "a" } })[MimeBundle.Html]!);
        await page.EvaluateAsync(Clipboard);
        Assert.Equal("# points lost name", await page.TextAsync("Array.from(document.querySelectorAll('th')).map(h=>h.textContent).join(' ')"));
        await page.EvaluateAsync("document.querySelector('.quant-tools button').click()");
        Assert.Equal("PointsLost,Name\n1.5,a\n", await page.TextAsync("window.copied"));
    }

    [Theory]
    [InlineData(1200)]
    [InlineData(800)]
    public async Task AWideTableNeverMakesThePageScrollSideways(int width)
    {
        var network = Network.Load(Repository.PathOf("data", "models", "mobilenet-v2-fashion.onnx"));
        var table = network.Equalize(EqualizationMethod.CrossLayer).ToFrame().ToHtml();
        await using var page = await OpenAsync(table, width);
        Assert.Equal("true", await page.TextAsync("document.documentElement.scrollWidth <= innerWidth"));
        if (width == 1200) Assert.Equal("true", await page.TextAsync("(function(b){return b.scrollWidth <= b.clientWidth})(document.querySelector('.quant-box'))"));
        var (secondary, all) = ("Array.from(document.querySelectorAll('th')).filter(h=>h.offsetWidth>0).length", "document.querySelectorAll('th').length");
        Assert.NotEqual(await page.TextAsync(all), await page.TextAsync(secondary));
        await page.EvaluateAsync("document.querySelector('.quant-tools input').click()");
        Assert.Equal(await page.TextAsync(all), await page.TextAsync(secondary));
        Assert.Empty(page.Errors);
    }

    private static string Exact(double value) => double.IsNaN(value) ? "" : value.ToString("R", System.Globalization.CultureInfo.InvariantCulture);

    private static async Task<Chromium> OpenAsync(string body, int width = 1200)
    {
        var folder = new TemporaryFolder();
        try
        {
            await File.WriteAllTextAsync(folder.File("page.html"), HtmlPage.WithBody("table", body), TestContext.Current.CancellationToken);
            var page = await Chromium.StartAsync(width);
            await page.OpenAsync("file://" + folder.File("page.html"));
            await page.WaitForAsync("document.querySelector('.quant-tools button')");
            return page;
        }
        finally
        {
            folder.Dispose();
        }
    }
}
