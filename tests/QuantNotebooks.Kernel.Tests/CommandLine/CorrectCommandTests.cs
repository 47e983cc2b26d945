using System.Text.Json;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.CommandLine;

/// <summary>What the report of a correction says besides shifts.</summary>
public sealed class CorrectCommandTests
{
    [Fact]
    public async Task Lines_are_shown_as_read_before_and_after_in_text_page_and_json()
    {
        using var folder = new TemporaryFolder();
        var (json, html) = (folder.File("lines.json"), folder.File("lines.html"));
        var (exitCode, output, error) = await Cli.InvokeAsync(
            "correct", Cli.Model("ppocr-v4-text-recognition"), "--images", Repository.PathOf("data", "text-lines", "test"), "--count", "16", "--held-out", "10",
            "--json", json, "--html", html);
        Assert.True(exitCode == 0, error);
        var outcome = JsonDocument.Parse(File.ReadAllText(json)).RootElement.GetProperty("outcome");
        Assert.Equal("lines", outcome.GetProperty("metric").GetString());
        var readings = outcome.GetProperty("readings").EnumerateArray().ToList();
        Assert.Equal(10, readings.Count);
        double Share(string property) => readings.Count(reading => reading.GetProperty(property).GetString() == reading.GetProperty("expected").GetString()) / 10.0;
        // Per tensor at 8 bits the recognizer reads nothing at all, and corrected nearly everything.
        Assert.Equal((0, outcome.GetProperty("after").GetDouble()), (outcome.GetProperty("before").GetDouble(), Share("after")));
        Assert.True(Share("after") >= 0.7, $"{Share("after")}");

        var page = File.ReadAllText(html);
        foreach (var reading in readings)
        {
            var line = reading.GetProperty("after").GetString()!;
            Assert.Contains($">{System.Net.WebUtility.HtmlEncode(line)}<", page, StringComparison.Ordinal);
        }
        Assert.Contains("lines read right of 10 of 'test': 0.0 % before, ", output, StringComparison.Ordinal);
        Assert.Contains($"is '{readings[0].GetProperty("expected").GetString()}'  before '", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_analytic_correction_reports_how_well_images_bear_it_out()
    {
        var json = await Cli.JsonAsync("correct", Cli.Model(Cli.ResNet), "--images", Cli.Calibration, "--count", "16", "--method", "analytic", "--weight-bits", "5");
        var predictions = json.GetProperty("predictions");
        Assert.InRange(predictions.GetProperty("correlation").GetDouble(), 0.9, 1);
        var layers = predictions.GetProperty("layers").EnumerateArray().ToList();
        Assert.Equal(Cli.Load(Cli.ResNet).Layers.Skip(1).Select(layer => layer.Name), layers.Select(layer => layer.GetProperty("name").GetString()));
        Assert.All(layers, layer => Assert.Equal(layer.GetProperty("predicted").GetArrayLength(), layer.GetProperty("measured").GetArrayLength()));
        Assert.Equal("before-activation", json.GetProperty("point").GetString());
    }

    [Fact]
    public async Task The_shift_can_vanish_behind_the_activation()
    {
        var json = await Cli.JsonAsync("correct", Cli.Model(Cli.ResNet), "--images", Cli.Calibration, "--count", "16", "--weight-bits", "4", "--at", "after");
        Assert.Equal("after-activation", json.GetProperty("point").GetString());
        Assert.All(json.GetProperty("layers").EnumerateArray(), layer =>
            Assert.True(layer.GetProperty("rmsShiftInSigmasAfter").GetDouble() < 0.2 * layer.GetProperty("rmsShiftInSigmasBefore").GetDouble()));
    }
}
