using Plotly.NET;
using QuantNotebooks.Correction;
using QuantNotebooks.Notebook.Text;
using static QuantNotebooks.Notebook.Charts.PlotlyNode;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>How a training went: loss and agreement, epoch by epoch.</summary>
public static class TrainingChart
{
    /// <summary>Draws a training, for example the <see cref="CorrectionResult.Training"/> of bias fine-tuning.</summary>
    /// <exception cref="QuantNotebooksException">There is no epoch.</exception>
    public static ChartFigure Of(TrainingRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        if (run.Epochs.IsEmpty) throw new QuantNotebooksException("The training has no epoch to draw.");
        var (first, best) = (run.Epochs[0], run.Epochs.First(epoch => epoch.Epoch == run.Best));
        var change = best.Epoch == first.Epoch ? "no epoch was better than the start" : $"best after epoch {best.Epoch}";
        var title = $"Held-out loss from {NumberText.Significant(first.HeldOutLoss, 3)} to {NumberText.Significant(best.HeldOutLoss, 3)}, {change}; {Ended(run)}";
        const string reading = "The result is the state at the diamond, the smallest loss on images that did not train. A held-out line that turns up while the training line falls is overfitting.";
        return new ChartFigure(title, reading, 460, () => Build(title, run, best));
    }

    // Left to itself Plotly marks half epochs.
    private static int Step(int epochs) => new[] { 1, 2, 5, 10, 20, 50 }.FirstOrDefault(step => epochs / step <= 12, 100);

    private static string Ended(TrainingRun run) => run.End switch
    {
        TrainingEnd.Completed => "all epochs done",
        TrainingEnd.EarlyStop => "stopped early",
        TrainingEnd.Diverged => "the loss diverged",
        _ => "interrupted",
    };

    private static GenericChart Build(string title, TrainingRun run, TrainingEpoch best)
    {
        int[] epochs = [.. run.Epochs.Select(epoch => epoch.Epoch)];
        var traces = new List<Trace>
        {
            Line("training", Palette.Orange, epoch => epoch.Loss),
            Line("held out", Palette.Blue, epoch => epoch.HeldOutLoss),
            Trace("scatter", ("name", "kept"), ("mode", "markers"), ("x", new[] { best.Epoch }), ("y", new[] { LogAxis.Value(best.HeldOutLoss) }),
                ("marker", Node(("size", 13), ("symbol", "diamond"), ("color", Palette.Blue))), ("hoverinfo", "skip")),
        };
        var agrees = run.Epochs.Any(epoch => epoch.HeldOutAgreement is not null);
        if (agrees)
            traces.Add(Trace("scatter", ("name", "agreement, held out"), ("mode", "lines+markers"), ("x", epochs), ("yaxis", "y2"),
                ("y", run.Epochs.Select(epoch => epoch.HeldOutAgreement is { } share ? NumberText.Rounded(100 * share) : null).ToArray()),
                ("line", Node(("color", Palette.Green), ("dash", "dot"), ("width", 2))), ("hovertemplate", "epoch %{x}: %{y} %<extra></extra>")));
        return Chart(traces,
            ("title", Title(title)),
            ("xaxis", Axis("epoch", 8, ("rangemode", "tozero"), ("dtick", Step(epochs[^1])), ("anchor", agrees ? "y2" : "y"))),
            ("yaxis", LogAxis.Of("loss", run.Epochs.SelectMany(epoch => new[] { epoch.Loss, epoch.HeldOutLoss }), ("domain", agrees ? new[] { 0.46, 1 } : [0, 1]))),
            ("yaxis2", agrees ? Axis("agreement, %", 8, ("domain", new[] { 0, 0.36 })) : null),
            ("legend", Node(("orientation", "h"), ("x", 0), ("y", 1.01), ("yanchor", "bottom"))),
            ("margin", Node(("t", TopMargin(title, 34)), ("b", 50), ("l", 60), ("r", 20))));

        Trace Line(string name, string colour, Func<TrainingEpoch, double> loss) => Trace("scatter",
            ("name", name), ("mode", "lines+markers"), ("x", epochs), ("y", run.Epochs.Select(epoch => LogAxis.Value(loss(epoch))).ToArray()),
            ("line", Node(("color", colour), ("width", 2))), ("cliponaxis", false), ("marker", Node(("color", colour), ("size", 6))),
            ("hovertemplate", "epoch %{x}: loss %{y}<extra>" + name + "</extra>"));
    }
}
