using System.Text.Json.Nodes;
using QuantNotebooks.Export;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Notebook.Formatters;
using QuantNotebooks.Notebook.Frames;
using QuantNotebooks.Notebook.Reports;

namespace QuantNotebooks.Notebook.Commands;

/// <summary><c>report MODEL --images SET [scheme] [--budget 60s] --html FILE</c>: one file to mail to a colleague.</summary>
internal static class ReportCommand
{
    public static CommandDefinition Definition { get; } = CommandDefinition.Create(
        "report", "Measure a network, try remedies, and write all of it as one page: summary, charts, a section a layer, settings, glossary.", CommonOptions.Model,
        "data/models/resnet14-fashion.onnx --images data/fashion-mnist/calibration --count 64 --held-out 256 --weight-bits 4 --html report.html",
        [
            CommonOptions.Images, CommonOptions.Count, CommonOptions.SkipBroken, CommonOptions.HeldOut, RecommendCommand.Budget, .. CommonOptions.Scheme, CommonOptions.KeepDeadChannels,
        ],
        Run, (NetworkReport report) => ToJson(report), isPart: report => report.Stopped);

    private static NetworkReport Run(CommandInputs inputs)
    {
        var network = inputs.Network();
        var (images, heldOut) = RecommendCommand.ImagesAndHeldOut(inputs);
        // Whoever interrupts does not want to wait for code that was never run: a page is drawn once beside the measurement.
        var drawn = network.Layers.IsEmpty ? Task.CompletedTask : Task.Run(() => Draw(network));
        var report = Report.For(network, images, heldOut, inputs.Scheme, new() { Budget = inputs.Arguments.Get(RecommendCommand.Budget), KeepDone = true }, inputs.Progress("report"), inputs.Host.Cancellation);
        drawn.GetAwaiter().GetResult();
        return report;
    }

    private static string Draw(Network network) => HtmlPage.WithBody("", ResultPage.ChartHtml(GridChart.Of(network.Layers[0])) + network.ToFrame().ToHtml());

    private static string ToJson(NetworkReport report)
    {
        var json = new JsonObject { ["contract"] = 1, ["tool"] = ToolVersion.Text };
        if (report.Stopped) json["stopped"] = true;
        json["shift"] = JsonNode.Parse(report.Shift.ToJson());
        json["recommendation"] = JsonNode.Parse(report.Recommendation.ToJson());
        json["after"] = report.After is { } after ? JsonNode.Parse(after.ToJson()) : null;
        return json.ToJsonString();
    }
}
