using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using QuantNotebooks.Correction;
using QuantNotebooks.Equalization;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Export;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Pruning;
using QuantNotebooks.Sensitivity;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Notebook.Commands;

/// <summary><c>plot RESULT [--chart NAME] [--layer NAME]</c>: one chart of a result.</summary>
internal static class PlotCommand
{
    /// <summary>The charts of each kind of result; the first of a kind is drawn where none is asked for.</summary>
    private static readonly ImmutableArray<Plot> Plots =
    [
        Plot.Of<MeanShiftReport>("heat-map", ShiftHeatMap.Of),
        Plot.Of<MeanShiftReport>("noise", NoiseChart.Of),
        Plot.Of<MeanShiftReport>("contribution", ContributionChart.Of),
        Plot.Of<MeanShiftReport>("prediction", PredictionChart.Of),
        Plot.Of<MeanShiftReport>("graph", NetworkGraphChart.Of),
        Plot.OfLayer<MeanShiftReport>("channels", (report, layer) => LayerShiftChart.Of(ShiftOf(report, layer))),
        Plot.OfLayer<MeanShiftReport>("waterfall", (report, layer) => ShiftWaterfall.Of(ShiftOf(report, layer))),
        Plot.Of<SensitivityReport>("sensitivity", SensitivityChart.Of),
        Plot.Of<SensitivityReport>("graph", NetworkGraphChart.Of),
        Plot.Of<EqualizationResult>("equalization", EqualizationChart.Of),
        Plot.OfLayer<EqualizationResult>("channels", ChannelRangeChart.Of),
        Plot.Of<EqualizationResult>("spread", ChannelRangeChart.AllLayers),
        Plot.Of<EqualizationResult>("convergence", ConvergenceChart.Of),
        Plot.Of<EqualizationResult>("graph", NetworkGraphChart.Of),
        Plot.Of<CorrectionResult>("correction", CorrectionChart.Of),
        Plot.Of<CorrectionResult>("prediction", PredictionChart.Of),
        Plot.Of<CorrectionResult>("training", correction => TrainingChart.Of(
            correction.Training ?? throw new QuantNotebooksException($"The biases of '{correction.Network.Name}' were not fine-tuned: there is no training to draw."))),
        Plot.Of<Comparison>("accuracy", AccuracyChart.Of),
        Plot.Of<Comparison>("bits", BitsChart.Of),
        Plot.Of<PruningReport>("pruning", PruningChart.Of),
        Plot.Of<Network>("graph", NetworkGraphChart.Of),
        Plot.OfLayer<Network>("grid", (network, layer) => GridChart.Of(layer is null ? network.Layers[0] : network.Layer(layer))),
    ];

    private static readonly string Names = string.Join('|', Plots.Select(plot => plot.Name).Distinct());

    private static readonly CommandOption<string> Chart = new(TryParseName)
    {
        Name = "--chart", ValueName = Names, Help = "Which of the charts of such a result.", DefaultText = "its first", Rule = $"one of {Names.Replace("|", ", ", StringComparison.Ordinal)}",
    };

    private static readonly CommandOption<string> Layer =
        CommonOptions.Text("--layer", "NAME", "The layer of a chart of one layer; without it the layer that stands out, or the first.");

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n" };

    public static CommandDefinition Definition { get; } = CommandDefinition.Create(
        "plot", "Draw one chart of a result: of a measurement, an equalization, a correction, a comparison, or a network.",
        new CommandSubject("RESULT", "A variable that holds a result or a network, a file of statistics (.qns), or an ONNX file (.onnx)."),
        "data/models/resnet14-fashion.onnx --chart graph",
        [Chart, Layer],
        Run, (ChartFigure figure) => JsonNode.Parse(figure.Json)!.ToJsonString(Indented) + "\n");

    private static ChartFigure Run(CommandInputs inputs)
    {
        var (subject, layer) = (inputs.Arguments.Subjects[0], inputs.Arguments.Get(Layer));
        var result = inputs.Host.FindVariable(subject) ?? Read(subject, inputs.Host.Cancellation);
        var plots = Plots.Where(plot => plot.Type.IsInstanceOfType(result)).ToList();
        if (plots.Count == 0)
            throw new CommandUsageException(
                $"the variable '{subject}' is of type {result.GetType().Name}, of which there is no chart; there are charts of {string.Join(", ", Plots.Select(plot => plot.Type.Name).Distinct())}.");
        var name = inputs.Arguments.Get(Chart);
        var chosen = name is null ? plots[0] : plots.FirstOrDefault(plot => plot.Name == name)
            ?? throw new CommandUsageException($"{Chart.Name} {name} is no chart of a {plots[0].Type.Name}; it has {string.Join(", ", plots.Select(plot => plot.Name))}.");
        if (layer is not null && !chosen.IsOfLayer) throw new CommandUsageException($"{Layer.Name} is for charts of one layer, and '{chosen.Name}' is of all.");
        return chosen.Draw(result, layer);
    }

    private static object Read(string path, CancellationToken cancellation)
    {
        if (!path.EndsWith(".qns", StringComparison.OrdinalIgnoreCase)) return Network.Load(path, cancellation: cancellation);
        var saved = StatisticsFile.Load(path);
        var network = Network.Load(saved.ModelPath, new LoadOptions { KeepDeadChannels = saved.KeepsDeadChannels }, cancellation);
        return saved.ToReport(network, ImageSet.Load(saved.ImagesPath).Take(saved.TotalImages));
    }

    private static LayerShift ShiftOf(MeanShiftReport report, string? layer) => layer is null ? report.Worst : report.Layer(layer);

    private static bool TryParseName(string text, out string? name)
    {
        name = text;
        return Plots.Any(plot => plot.Name == text);
    }

    /// <summary>A chart of one kind of result.</summary>
    private sealed record Plot(Type Type, string Name, bool IsOfLayer, Func<object, string?, ChartFigure> Draw)
    {
        public static Plot Of<T>(string name, Func<T, ChartFigure> draw) => new(typeof(T), name, false, (result, _) => draw((T)result));

        public static Plot OfLayer<T>(string name, Func<T, string?, ChartFigure> draw) => new(typeof(T), name, true, (result, layer) => draw((T)result, layer));
    }
}
