using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace QuantNotebooks.Kernel.Tests.CommandLine;

public sealed partial class ReportCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task OnePageHoldsSummaryAdviceChartsAPageALayerSettingsAndGlossary()
    {
        var (page, json) = (_folder.File("report.html"), _folder.File("report.json"));
        var (exitCode, output, error) = await Cli.InvokeAsync(
            "report", Cli.Model(Cli.ResNet), "--images", Cli.Calibration, "--count", "8", "--held-out", "8", "--budget", "1s", "--html", page, "--json", json);
        Assert.True(exitCode == 0, error);
        Assert.Contains("The mean shift is largest in ", output, StringComparison.Ordinal);
        var html = await File.ReadAllTextAsync(page, TestContext.Current.CancellationToken);
        Assert.InRange(html.Length, 3_500_000, 6_000_000);
        // Every entry of the contents leads to a section with a heading of its own.
        var targets = Target().Matches(html[..html.IndexOf("<section", StringComparison.Ordinal)]).Select(match => match.Groups[1].Value).ToArray();
        Assert.InRange(targets.Length, 8, 9); // what the plan changes stands there where a step was kept
        Assert.All(targets, target =>
        {
            Assert.Contains($"<section id=\"{target}\" aria-labelledby=\"{target}-h\">", html, StringComparison.Ordinal);
            Assert.Contains($"<h2 id=\"{target}-h\">", html, StringComparison.Ordinal);
        });
        // 16 layers, each with its page; all pictures have a text.
        Assert.Equal(16, html.Split("<details data-layer=").Length - 1);
        Assert.DoesNotMatch("<img(?![^>]* alt=\"[^\"]+\")[^>]*>", html);
        // The shift is the one that the shift command measures.
        var shift = JsonNode.Parse(await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken))!["shift"]!;
        var (code, alone, _) = await Cli.InvokeAsync("shift", Cli.Model(Cli.ResNet), "--images", Cli.Calibration, "--count", "8", "--json", "-");
        Assert.Equal(0, code);
        Assert.Equal(JsonNode.Parse(alone)!["layers"]![3]!["meanShift"]!.ToJsonString(), shift["layers"]![3]!["meanShift"]!.ToJsonString());
    }

    [Fact]
    public async Task OneImageIsTooFewToMeasureAndToTry()
    {
        var (exitCode, _, error) = await Cli.InvokeAsync("report", Cli.Model(Cli.ResNet), "--images", Cli.Calibration, "--count", "1", "--html", _folder.File("report.html"));
        Assert.Equal(2, exitCode);
        Assert.Contains("two images", error, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("report.html")));
    }

    [GeneratedRegex("<a href=\"#(quant-[0-9a-f]+-[a-z]+)\">")]
    private static partial Regex Target();
}
