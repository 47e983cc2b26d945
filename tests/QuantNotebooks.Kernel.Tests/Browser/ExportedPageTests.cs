using QuantNotebooks.Kernel.Tests.Notebooks;

namespace QuantNotebooks.Kernel.Tests.Browser;

/// <summary>An exported page in a browser, as its readers have it.</summary>
[Collection(nameof(Browser))]
public sealed class ExportedPageTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("light")]
    [InlineData("dark")]
    public async Task FormulasAndChartsAreDrawnOffline(string scheme)
    {
        var page = folder.Write("page.html", await TestNotebook.HtmlAsync(
            "# Bias\nThe shift $\\mathbb{E}[\\tilde y_c - y_c]$ of channel $c$ is\n\n$$\\Delta_c = \\frac{1}{N} \\sum_{n=1}^{N} \\left( \\tilde y_c^{(n)} - y_c^{(n)} \\right), \\quad \\sigma_c = \\sqrt{\\operatorname{Var} y_c}$$\n\nand $\\notacommand{x}$ stays.",
            "var n = 3; // a comment\nConsole.WriteLine($\"{n} of text\"); LaTeX(\"$e^{i\\\\pi} + 1 = 0$\")", "new[] { new { Layer = \"conv1\", Shift = 0.25 } }", TestNotebook.Chart, "throw new Exception(\"an error\");"));
        await using var browser = await Chromium.StartAsync(1000, 1300);
        await browser.UseColourSchemeAsync(scheme);
        await browser.OpenAsync(new Uri(page).ToString());
        await browser.WaitForAsync("document.querySelector('.quant-chart .main-svg')");
        await browser.WaitForAsync("document.querySelectorAll('.math math').length === 5");
        await browser.KeepPictureAsync("exported-" + scheme);
        Assert.Equal("block", await browser.TextAsync("document.querySelector('.math.display math').getAttribute('display')"));
        Assert.Equal("true", await browser.TextAsync("document.querySelector('.math.display mfrac').getBoundingClientRect().height > 25"));
        Assert.Empty(browser.Errors);
    }
}
