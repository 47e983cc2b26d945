using QuantNotebooks.Correction;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Notebook.Frames;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Notebook.Formatters;

/// <summary>What each kind of result says about itself.</summary>
internal static class ResultPages
{
    private const string ShiftLegend =
        "Before the activation. rQNSR: root of noise energy over signal energy; MSSR: the same of the mean shift alone; share: how much of the noise energy is mean "
        + "shift; largest shift in sigmas of its channel; significant: channels whose shift is above two standard errors. After: behind the activation.";

    private const string SplitLegend =
        "Own weights, own input, inherited: the shift's parts in units of MSSR. Channel by channel they add up to the shift, with their signs; over channels they may cancel.";

    public static ResultPage Of(MeanShiftReport report)
    {
        var notes = new List<string> { ShiftLegend };
        if (report.StoppedBefore is { } wanted)
            notes.Insert(0, StoppedEarly(report.Images, wanted));
        if (report.Layers.Any(layer => layer.Split is not null)) notes.Add(SplitLegend);
        notes.AddRange(ShiftNotes.Of(report));
        notes.Add(MeasuredOn(report.Scheme, report.Images));
        notes.AddRange(NotAnalysed(report.Network));
        if (report.Layers.IsEmpty) return new ResultPage($"{report.Network.Name} has no layers to measure", null, [], notes);
        var heatMap = ShiftHeatMap.Of(report);
        return new ResultPage(heatMap.Title, report.ToFrame(), [heatMap, NoiseChart.Of(report), .. report.Layers.All(layer => layer.Split is not null) ? SplitCharts(report) : []], notes);
    }

    private static ChartFigure[] SplitCharts(MeanShiftReport report) =>
        [ContributionChart.Of(report), .. report.Layers.Any(Varies) ? [PredictionChart.Of(report)] : Array.Empty<ChartFigure>()];

    private static bool Varies(LayerShift layer) => layer.Before.Channels.Any(channel => !channel.IsConstant);

    public static ResultPage Of(ChannelDistribution distribution)
    {
        var chart = DistributionChart.Of(distribution);
        return new ResultPage(chart.Title, null, [chart], []);
    }

    public static ResultPage Of(TrainingRun run)
    {
        var chart = TrainingChart.Of(run);
        return new ResultPage(chart.Title, null, [chart], [$"{NumberText.Count(run.Images, "image")} trained, {NumberText.Count(run.HeldOutImages)} set aside; {NumberText.Significant(run.Seconds, 3)} s."]);
    }

    public static ResultPage Of(LayerShift layer)
    {
        var largest = ShiftSummary.Largest(layer.Before);
        var finding = $"Layer {LayerText.Described(layer.Layer)}: MSSR {NumberText.Significant(layer.Before.Mssr, 3)}, "
            + $"{NumberText.Percent(layer.Before.MeanShiftShare)} of the noise energy is mean shift";
        if (largest.Channel >= 0)
            finding += FormattableString.Invariant($"; channel {largest.Channel} moves most, {NumberText.Significant(largest.Sigmas, 3)} σ");
        return new ResultPage(finding, layer.ToFrame(), [.. Varies(layer) ? [LayerShiftChart.Of(layer)] : Array.Empty<ChartFigure>(), .. layer.Split is null ? [] : new[] { ShiftWaterfall.Of(layer) }],
        [
            "One row a channel, before the activation; shift = quantized mean - mean; shift σ is the shift over the channel's sigma, "
                + "empty where the channel is constant.",
            $"{NumberText.Count(layer.Before.Channels.Length, "channel")}, {NumberText.Percent(layer.SignificantShare())} of them with a shift above two standard errors.",
        ]);
    }

    public static ResultPage Of(CorrectionResult correction)
    {
        var notes = new List<string>
        {
            $"Root mean square over channels of the shift {(correction.Point == LayerPoint.AfterActivation ? "after" : "before")} the activation, in sigmas. "
                + (correction.IsLayerByLayer ? "Before and after: on the calibration images, with every earlier layer corrected" : "Before and after: the uncorrected and the corrected network, on the calibration images")
                + (correction.HeldOut is null ? "." : "; held out: the uncorrected and the corrected network on other images."),
            $"{correction.Method} bias correction, {MeasuredOn(correction.Scheme, correction.Images)}",
        };
        if (correction.Predictions is not null) notes.Add("Correlation: of the layer's predicted shifts with those that images show, over its channels.");
        notes.InsertRange(0, correction.Warnings.Select(warning => "Warning: " + warning));
        if (correction.Corrections.IsEmpty) return new ResultPage($"{correction.Network.Name} has no layers to correct", null, [], notes);
        List<ChartFigure> charts = [CorrectionChart.Of(correction)];
        if (correction.Predictions is { } predictions && predictions.Channels.Any()) charts.Add(PredictionChart.Of(correction));
        if (correction.Training is { } run) charts.Add(TrainingChart.Of(run));
        var finding = CorrectionFinding.Of(correction);
        if (correction.Outcome is { } outcome) finding += "; " + CorrectionFinding.Of(outcome);
        return new ResultPage(finding, correction.ToFrame(), charts, notes, correction.Outcome is { Before.Readings.IsEmpty: false } read
            ? LineTable.Html(new Comparison([new ComparisonRow("uncorrected", read.Before), new ComparisonRow("corrected", read.After)])) + read.ToFrame().ToHtml()
            : null);
    }

    public static ResultPage Of(Comparison comparison)
    {
        if (comparison.Rows.IsEmpty) return new ResultPage("The comparison is empty", null, [], []);
        var chart = AccuracyChart.Of(comparison);
        var images = comparison.Rows.Select(row => row.Result.Images).DistinctBy(set => (set.Name, set.Count)).Select(set => set.ToString());
        return new ResultPage(chart.Title, comparison.ToFrame(), [chart, .. HasSeveralBits(comparison) ? [BitsChart.Of(comparison)] : Array.Empty<ChartFigure>()],
        [
            .. comparison.Rows.Where(row => row.Result.StoppedBefore is not null).Take(1).Select(row => StoppedEarly(row.Result.Images, row.Result.StoppedBefore!.Value)),
            .. comparison.Rows.Select(row => row.Result.SchemeWarning).OfType<string>().Select(warning => "Warning: " + warning),
            $"Agreement: {(comparison.Rows.All(row => row.Result.Readings.IsEmpty) ? "images that the quantized and the full-precision network put in the same class" : "lines that both networks read alike")}. SQNR: of the network's output.",
            "Images: " + string.Join("; ", images),
        ], LineTable.Html(comparison));
    }

    private static bool HasSeveralBits(Comparison comparison) => comparison.Rows
        .Where(row => row.Result is { Accuracy: not null, Scheme.WeightBits: not null })
        .GroupBy(row => row.Name).Any(rows => rows.Select(row => row.Result.Scheme!.WeightBits).Distinct().Count() > 1);

    public static ResultPage Of(EvaluationResult result)
    {
        var page = Of(new Comparison([new ComparisonRow(result.Network.Name, result)]));
        return page with { Finding = Sentence(result), Charts = [] };
    }

    public static ResultPage Of(Network network)
    {
        var dead = network.Layers.Sum(layer => layer.DeadChannels.Length);
        var parameters = network.Layers.Sum(layer => (long)layer.Weights.Length + layer.Bias.Length);
        var widest = network.Layers.Where(layer => !double.IsNaN(layer.WeightRangeRatio())).MaxBy(layer => layer.WeightRangeRatio());
        var finding = $"{network.Name}: {NumberText.Count(network.Layers.Length, "layer")}, "
            + $"{NumberText.Count(parameters, "parameter")}, {NumberText.Count(dead, "dead channel")}";
        if (widest is not null)
            finding += $"; weight ranges are most unequal in {LayerText.Described(widest)}: "
                + $"{NumberText.Significant(widest.WeightRangeRatio(), 3)} times the median channel's";
        var notes = new List<string>
        {
            "Range ratio: largest |weight| of the layer over the median of its channels' largest |weight|; 1 is equal, large is hard for one scale a tensor.",
        };
        foreach (var layer in network.Layers)
            foreach (var channel in layer.DeadChannels)
                notes.Add($"Dead: {layer.Name}, channel {NumberText.Count(channel.Channel)}: {channel.Reason}.");
        notes.AddRange(NodeText.Understood(network).Select(line => "Between the layers: " + line));
        notes.AddRange(NotAnalysed(network));
        foreach (var entry in network.History) notes.Add($"{entry.Operation}: {entry.Settings}");
        return new ResultPage(finding, network.ToFrame(), [], Limited(notes));
    }

    public static ResultPage Of(Layer layer)
    {
        var notes = new List<string>
        {
            $"{NumberText.Count(layer.Channels, "channel")}; weights {string.Join("×", layer.WeightShape)}; {(layer.HasBias ? "with" : "without")} bias; then {layer.Activation}.",
            $"Weight ranges: the widest channel has {NumberText.Significant(layer.WeightRangeRatio(), 3)} times the range of the median one.",
            $"Reads '{layer.Input}', writes '{layer.Output}'.",
        };
        foreach (var channel in layer.DeadChannels) notes.Add($"Dead: channel {NumberText.Count(channel.Channel)}: {channel.Reason}.");
        return new ResultPage($"Layer {NumberText.Count(layer.Index)}: {LayerText.Described(layer)}", null, [], Limited(notes));
    }

    private static string Sentence(EvaluationResult result)
    {
        var name = result.Scheme is null ? result.Network.Name : $"{result.Network.Name}, {result.Scheme}";
        if (result.Accuracy is not { } right)
            return result.Agreement is { } agreement
                ? $"{name}: agrees with full precision on {NumberText.Percent(agreement)} of the images"
                : $"{name}: no accuracy without labels";
        if (result.Scheme is null || result.FloatAccuracy is not { } reference) return $"{name}: {NumberText.Percent(right, 2)} {result.Metric.Text()}";
        var points = 100 * (right - reference);
        var change = Math.Abs(points) < 0.005 ? "the same as" : $"{NumberText.Significant(Math.Abs(points), 3)} points {(points < 0 ? "below" : "above")}";
        return $"{name}: {NumberText.Percent(right, 2)} {result.Metric.Text()}, {change} full precision's {NumberText.Percent(reference, 2)}";
    }

    internal static string StoppedEarly(ImageSet images, int wanted) => $"Stopped early: measured on the first {NumberText.Count(images.Count)} of {NumberText.Count(wanted, "image")}.";

    private static string MeasuredOn(QuantizationScheme scheme, ImageSet images) => $"{scheme}; {images}.";

    private static IEnumerable<string> NotAnalysed(Network network) => NodeText.NotAnalysed(network).Select(line => "Not analysed: " + line);

    private static List<string> Limited(List<string> notes)
    {
        const int most = 24;
        return notes.Count <= most ? notes : [.. notes.Take(most), $"… {NumberText.Count(notes.Count - most, "more line")}"];
    }
}
