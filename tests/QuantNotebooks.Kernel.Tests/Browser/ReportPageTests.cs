using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Reports;
using QuantNotebooks.Quantization;
using QuantNotebooks.Recommendation;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Browser;

/// <summary>The report of a network of 53 layers as a colleague gets it: small enough to mail, and to be used without a mouse and without eyes.</summary>
[Collection(nameof(Browser))]
public sealed class ReportPageTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task AReportIsSmallAndSaysWhatItIsToReadersAndKeys()
    {
        var network = Network.Load(Repository.PathOf("data", "models", "mobilenet-v2-fashion.onnx"));
        var images = ImageSet.Load(Repository.PathOf("data", "fashion-mnist", "calibration"));
        var report = Report.For(network, images.Take(16), images.Skip(16).Take(16), QuantizationScheme.Int8PerTensor.WithBits(4), new RecommendationOptions { Budget = TimeSpan.FromSeconds(5) });
        var path = folder.File("report.html");
        report.Save(path);
        Assert.InRange(new FileInfo(path).Length, 4_000_000, 6_000_000);

        await using var browser = await Chromium.StartAsync(1000, 1200);
        await browser.OpenAsync(new Uri(path).ToString());
        await browser.WaitForAsync("document.querySelectorAll('.quant-chart').length > 5 && Array.from(document.querySelectorAll('.quant-chart')).every(chart => chart.querySelector('.main-svg'))");
        await browser.EvaluateAsync("document.querySelectorAll('details').forEach((layer, index) => layer.open = index < 2)");
        Assert.Equal("1 1 1", await browser.TextAsync("['main', 'nav[aria-label]', 'h1'].map(name => document.querySelectorAll(name).length).join(' ')"));
        Assert.Equal("", await browser.TextAsync("Array.from(document.querySelectorAll('nav a')).filter(link => !document.querySelector(link.getAttribute('href'))).map(link => link.textContent).join('; ')"));
        Assert.Equal("", await browser.TextAsync("Array.from(document.querySelectorAll('section')).filter(part => !document.getElementById(part.getAttribute('aria-labelledby'))?.textContent).map(part => part.id).join('; ')"));
        Assert.Empty(await browser.NamelessAsync());
        Assert.Equal("0", await browser.TextAsync("document.querySelectorAll('[tabindex]:not([tabindex=\"0\"]):not([tabindex=\"-1\"])').length"));
        foreach (var colours in (string[])["light", "dark"])
        {
            await browser.UseColourSchemeAsync(colours);
            Assert.Equal("", await browser.TextAsync(Faint));
        }
        Assert.Empty(browser.Errors);

        // The checks see what they are for.
        await browser.EvaluateAsync("document.querySelector('main').insertAdjacentHTML('beforeend', '<p style=\"opacity:.4\">too faint</p><button></button>')");
        Assert.Contains("too faint", await browser.TextAsync(Faint), StringComparison.Ordinal);
        Assert.Equal(["button"], await browser.NamelessAsync());
    }

    /// <summary>Texts whose contrast to what is behind them is below 4.5 : 1 (WCAG 2.2, 1.4.3), opacity of all that they stand in included.</summary>
    private const string Faint = """
        (() => {
          const numbers = colour => (colour.match(/[\d.]+/g) || []).map(Number);
          const luminance = rgb => rgb.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
          const over = (top, alpha, below) => top.map((v, i) => alpha * v + (1 - alpha) * below[i]);
          const faint = new Set();
          const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
          for (let node; node = walker.nextNode();) {
            const element = node.parentElement;
            if (!node.textContent.trim() || element.closest('script, style, svg') || !element.getClientRects().length) continue;
            let behind = null, opacity = 1;
            for (let e = element; e && !behind; e = e.parentElement) {
              const c = numbers(getComputedStyle(e).backgroundColor);
              if (c.length === 3 || c.length > 3 && c[3] > 0.5) behind = c.slice(0, 3);
            }
            for (let e = element; e; e = e.parentElement) opacity *= Number(getComputedStyle(e).opacity);
            const text = numbers(getComputedStyle(element).color);
            const shown = luminance(over(text.slice(0, 3), opacity * (text[3] ?? 1), behind)), ground = luminance(behind);
            const contrast = (Math.max(shown, ground) + 0.05) / (Math.min(shown, ground) + 0.05);
            if (contrast < 4.5) faint.add(contrast.toFixed(2) + ' ' + node.textContent.trim().slice(0, 40));
          }
          return Array.from(faint).slice(0, 5).join('; ');
        })()
        """;
}
