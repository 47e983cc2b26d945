using System.Text.RegularExpressions;

namespace QuantNotebooks.Kernel.Tests.CommandLine;

/// <summary><c>--html</c>: one file for people who have no notebook.</summary>
public sealed partial class HtmlPageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("shift", 2, 16)]
    [InlineData("sensitivity", 1, 16)]
    [InlineData("prune", 1, 7)]
    [InlineData("load", 0, 16)]
    public async Task TheFileHoldsTheWholeTableAndItsChartsAndNeedsNothingElse(string command, int charts, int rows)
    {
        var file = _folder.File("page.html");
        string[] images = command == "load" ? [] : ["--images", Cli.Calibration, "--count", "8"];
        var (exitCode, output, error) = await Cli.InvokeAsync([command, Cli.Model(Cli.ResNet), .. images, "--html", file]);
        Assert.True(exitCode == 0, error);
        Assert.NotEmpty(output);
        Assert.Contains($"written: {file}", error, StringComparison.Ordinal);
        var html = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        Assert.StartsWith("<!DOCTYPE html>", html, StringComparison.Ordinal);
        Assert.Contains($"<h1>{command} resnet14-fashion.onnx</h1>", html, StringComparison.Ordinal);
        Assert.Equal(charts, Chart().Count(html));
        Assert.Equal(charts > 0 ? 1 : 0, html.Split("<script data-quant-notebooks=\"plotly.js\">").Length - 1);
        Assert.Equal(rows, html[html.IndexOf("<tbody>", StringComparison.Ordinal)..html.IndexOf("</tbody>", StringComparison.Ordinal)].Split("<tr>").Length - 1);
        // No element fetches anything; what plotly.js itself names stands in strings.
        Assert.DoesNotMatch("<(script|link|img|iframe)[^>]* (src|href)=\"(?!data:)", html);
        Assert.Contains("default-src 'none'", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFileThatCantBeWrittenIsRefusedBeforeAnyWork()
    {
        var (exitCode, output, error) = await Cli.InvokeAsync("shift", Cli.Model(Cli.ResNet), "--images", Cli.Calibration, "--html", _folder.File("none/page.html"));
        Assert.Equal((1, ""), (exitCode, output));
        Assert.Contains("there is no folder", error, StringComparison.Ordinal);
    }

    [GeneratedRegex("<div id=\"quant-[0-9a-f]+\" class=\"quant-chart\"")]
    private static partial Regex Chart();
}
