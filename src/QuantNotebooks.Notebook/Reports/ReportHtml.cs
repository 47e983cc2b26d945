using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text;
using Deedle;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Images;
using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Notebook.Charts.Pictures;
using QuantNotebooks.Notebook.Formatters;
using QuantNotebooks.Notebook.Frames;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Recommendation;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Notebook.Reports;

/// <summary>A report as sections with a table of contents: summary, what to do, charts, a section a layer, settings, glossary.</summary>
internal sealed class ReportHtml
{
    private const int ChannelsOfALayer = 10;
    private const int BarsOfALayer = 160;

    private const string Style =
        "<style>.quant-report .quant-plain td{text-align:right;font-variant-numeric:tabular-nums}.quant-report .quant-plain th{text-align:right}.quant-report .quant-plain tr>:first-child{display:none}.quant-report .quant-picture svg{width:100%;max-width:960px;height:auto}</style>";

    private readonly NetworkReport _report;
    private readonly string _id = ResultPage.NewId();
    private readonly StringBuilder _contents = new();
    private readonly StringBuilder _sections = new();

    private ReportHtml(NetworkReport report) => _report = report;

    private RecommendationReport Advice => _report.Recommendation;

    /// <summary>The sections; the page around them is the caller's.</summary>
    public static string Of(NetworkReport report)
    {
        var html = new ReportHtml(report);
        html.Section("summary", "Summary", html.Summary());
        html.Section("advice", "What to do", html.WhatToDo());
        html.Section("shift", "Where the shift is", Charts(ShiftHeatMap.Of(report.Shift), NoiseChart.Of(report.Shift)));
        html.Section("origin", "Where it comes from", Charts(ContributionChart.Of(report.Shift), SensitivityChart.Of(report.Recommendation.Sensitivity)));
        html.Section("graph", "Where in the network", Charts(NetworkGraphChart.Of(report.Shift)));
        if (report.After is { } after) html.Section("after", "What the plan changes", Charts(NoiseChart.Of(report.Shift, after)));
        if (html.LinesRead() is { Length: > 0 } lines) html.Section("lines", "What it reads", lines);
        html.Section("layers", "Layer by layer", html.Layers());
        html.Section("settings", "Settings and provenance", html.Settings());
        html.Section("glossary", "Glossary", GlossaryList());
        return $"<div class=\"quant-result quant-report\">{Style}<nav aria-label=\"Contents\"><ol>{html._contents}</ol></nav>{html._sections}{html.Script()}</div>";
    }

    private void Section(string name, string heading, string body)
    {
        _contents.Append($"<li><a href=\"#{_id}-{name}\">{heading}</a></li>");
        _sections.Append($"<section id=\"{_id}-{name}\" aria-labelledby=\"{_id}-{name}-h\"><h2 id=\"{_id}-{name}-h\">{heading}</h2>{body}</section>");
    }

    private string Summary()
    {
        var (shift, before) = (_report.Shift, Advice.Before);
        var text = new StringBuilder();
        Paragraph($"{shift.Network.Name} has {NumberText.Count(shift.Layers.Length, "layer")} and was quantized as {Advice.OriginalScheme}.");
        if (_report.Stopped) Paragraph("It was stopped early, and holds what was measured until then.", strong: true);
        var got = $"On {NumberText.Count(before.Images.Count, "held-out image")} its output keeps {NumberText.Significant(before.SqnrDecibels ?? double.NaN, 3)} dB";
        if (before.Accuracy is { } accuracy)
            got += $" and it answers {NumberText.Percent(accuracy)} right{Between(before.Interval)}" + (before.FloatAccuracy is { } full ? $"; in full precision {NumberText.Percent(full)}" : "");
        else if (before.Agreement is { } agreement) got += $" and agrees with full precision on {NumberText.Percent(agreement)}";
        Paragraph(got + ".");
        if (ShiftSummary.WorstBy(shift.Layers, layer => layer.Before.Mssr) is { } worst)
            Paragraph($"The mean shift is largest in {LayerText.Described(worst.Layer)}: MSSR {NumberText.Significant(worst.Before.Mssr, 3)}, {NumberText.Percent(worst.Before.MeanShiftShare)} of that layer's noise energy.");
        Paragraph(Advice.Finding + ".", strong: true);
        if (shift.StoppedBefore is { } wanted) Paragraph(ResultPages.StoppedEarly(shift.Images, wanted));
        foreach (var note in ShiftNotes.Of(shift)) Paragraph(note);
        return text.ToString();

        void Paragraph(string sentence, bool strong = false) => text.Append(strong ? "<p><strong>" : "<p>").Append(Encoded(sentence)).Append(strong ? "</strong></p>" : "</p>");

        static string Between(WilsonInterval? interval) => interval is { } ends ? $" (95 % interval {NumberText.Percent(ends.Low)} to {NumberText.Percent(ends.High)})" : "";
    }

    private string WhatToDo()
    {
        var page = RecommendationPage.Of(Advice);
        return page.ToHtml();
    }

    private string LinesRead()
    {
        var rows = ImmutableArray.Create(new ComparisonRow("quantized", Advice.Before));
        return LineTable.Html(new Comparison(Advice.Steps.Any(step => step.Kept) ? rows.Add(new("after the plan", Advice.After)) : rows));
    }

    private static string Charts(params IEnumerable<ChartFigure> charts) => string.Concat(charts.Select(ResultPage.ChartHtml));

    private string Layers()
    {
        var html = new StringBuilder("<p>Open a layer for its figures, its channels, and the advice; the charts above mark it.</p>");
        foreach (var layer in _report.Shift.Layers) html.Append(Layer(layer));
        return html.ToString();
    }

    private string Layer(LayerShift layer)
    {
        var advice = Advice.Layers[layer.Layer.Index];
        var summary = $"{LayerText.Described(layer.Layer)}: MSSR {NumberText.Significant(layer.Before.Mssr, 2)}, {NumberText.Percent(layer.Before.MeanShiftShare, 0)} of its noise is shift; {advice.Remedy.Text()}";
        var html = new StringBuilder($"<details data-layer=\"{Encoded(layer.Name)}\"><summary>{Encoded(summary)}</summary>");
        html.Append("<dl>");
        Entry("Operator", $"{LayerText.OperatorName(layer.Layer.Operator)}, weights {string.Join("×", layer.Layer.WeightShape)}, then {layer.Layer.Activation}");
        Entry("Noise before the activation", $"rQNSR {NumberText.Significant(layer.Before.RootQnsr, 3)} = SQNR {NumberText.Significant(layer.Before.SqnrDecibels, 3)} dB; after it {NumberText.Significant(layer.After.SqnrDecibels, 3)} dB");
        Entry("Shift from", $"own weights {NumberText.Significant(layer.WeightsToSignal, 2)}, own input {NumberText.Significant(layer.InputRoundingToSignal, 2)}, inherited {NumberText.Significant(layer.InheritedToSignal, 2)} (in units of MSSR)");
        Entry("At the output", $"alone it makes {NumberText.Percent(advice.NoiseShare)} of the noise of all layers");
        Entry("Weight ranges", $"the widest channel has {NumberText.Significant(Networks.WeightRanges.WeightRangeRatio(layer.Layer), 3)} times the median channel's");
        if (layer.Layer.DeadChannels.Length > 0) Entry("Dead channels", string.Join(", ", layer.Layer.DeadChannels.Take(20).Select(dead => dead.Channel.ToString(CultureInfo.InvariantCulture))));
        Entry("Advice", $"{advice.Remedy.Text()}: {advice.Reason}" + (double.IsNaN(advice.PredictedGainDecibels) ? "" : $"; predicted {NumberText.Significant(advice.PredictedGainDecibels, 2)} dB")
            + (advice.MeasuredGainDecibels is { } gain ? $", measured {NumberText.Significant(gain, 2)} dB" : ""));
        html.Append("</dl>");
        if (layer.Before.Channels.Any(channel => !channel.IsConstant))
        {
            var chart = LayerShiftChart.Of(layer, BarsOfALayer);
            html.Append($"<div class=\"quant-picture\" role=\"img\" aria-label=\"{Encoded(chart.Title)}\">{StaticPicture.Svg(chart.Json, chart.Height)}</div>");
        }
        html.Append($"<p>The {NumberText.Count(Math.Min(ChannelsOfALayer, layer.Before.Channels.Length))} channels that shift most:</p>").Append(HtmlTable.RenderPlain(FrameTable.Of(Channels(layer), ChannelsOfALayer)));
        return html.Append("</details>").ToString();

        void Entry(string term, string meaning) => html.Append($"<dt>{Encoded(term)}</dt><dd>{Encoded(meaning)}</dd>");
    }

    private static Frame<int, string> Channels(LayerShift layer)
    {
        var channels = layer.Before.Channels;
        int[] largest = [.. Enumerable.Range(0, channels.Length)
            .OrderByDescending(channel => channels[channel].IsConstant ? double.NegativeInfinity : Math.Abs(channels[channel].ShiftInSigmas)).Take(ChannelsOfALayer)];
        var columns = new FrameColumns<int>(largest)
            .Add("channel", channel => channel)
            .Add("shift σ", channel => channels[channel].ShiftInSigmas)
            .Add("shift", channel => channels[channel].MeanShift)
            .Add("standard error", channel => channels[channel].StandardError)
            .Add("own weights", channel => layer.Split!.Channels[channel].Weights)
            .Add("own input", channel => layer.Split!.Channels[channel].InputRounding)
            .Add("inherited", channel => layer.Split!.Channels[channel].Inherited);
        return columns.Frame;
    }

    private string Settings()
    {
        var html = new StringBuilder("<dl>");
        Entry("Network", $"{_report.Network.Name}, SHA-256 {_report.Network.Sha256}");
        Entry("Scheme", Advice.OriginalScheme.ToString());
        Entry("Scheme of the plan", Advice.Scheme.ToString());
        Entry("Images", Identity(Advice.Images));
        Entry("Held out", Identity(Advice.HeldOut));
        Entry("Tool", ToolVersion.Text);
        foreach (var entry in _report.Network.History) Entry("History", $"{entry.Operation}: {entry.Settings}");
        foreach (var line in NodeText.NotAnalysed(_report.Network)) Entry("Not analysed", line);
        foreach (var line in Advice.Untried) Entry(RecommendationPage.WhyUntried(Advice), line);
        return html.Append("</dl>").ToString();

        // Images that a stopped report has not come to are not decoded for their hash.
        string Identity(ImageSet images) => (Advice.Stopped ? images.KnownSha256 : images.Sha256) is { } hash ? $"{images}, SHA-256 {hash}" : $"{images}, not all of them read";

        void Entry(string term, string meaning) => html.Append($"<dt>{Encoded(term)}</dt><dd>{Encoded(meaning)}</dd>");
    }

    private static string GlossaryList() =>
        "<dl>" + string.Concat(Glossary.Entries.Select(entry => $"<dt>{Encoded(entry.Term)}</dt><dd>{Encoded(entry.Meaning)}</dd>")) + "</dl>";

    // A layer that is opened is marked in the charts.
    private string Script()
    {
        var root = _report.Network;
        while (root.Parent is { } parent) root = parent;
        return $$"""
            <script>document.getElementById("{{_id}}-layers").addEventListener("toggle", function (event) {
              var layer = event.target.dataset.layer;
              if (layer !== undefined && event.target.open) document.dispatchEvent(new CustomEvent("quant-layer", { detail: { group: {{PlotlyScript.EscapeForScript(System.Text.Json.JsonSerializer.Serialize(root.Name))}}, layer: layer } }));
            }, true);</script>
            """;
    }

    private static string Encoded(string text) => WebUtility.HtmlEncode(text);
}
