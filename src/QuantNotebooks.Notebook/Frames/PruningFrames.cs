using Deedle;
using QuantNotebooks.Pruning;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>Prunings as Deedle frames.</summary>
public static class PruningFrames
{
    /// <summary>One row a sparsity: accuracy, agreement and SQNR by plain and by factorized magnitude.</summary>
    /// <param name="report">The comparison.</param>
    public static Frame<int, string> ToFrame(this PruningReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        (PruningPoint Plain, PruningPoint Factorized)[] pairs = [.. report.Plain.Zip(report.Factorized)];
        var columns = new FrameColumns<(PruningPoint Plain, PruningPoint Factorized)>(pairs).Add("zero %", pair => 100 * pair.Factorized.Pruning.Sparsity);
        if (report.OriginalAccuracy is not null)
            columns.Add("plain right %", pair => 100 * pair.Plain.Accuracy ?? double.NaN).Add("factorized right %", pair => 100 * pair.Factorized.Accuracy ?? double.NaN);
        return columns
            .Add("plain agreement %", pair => 100 * pair.Plain.Agreement ?? double.NaN).Add("factorized agreement %", pair => 100 * pair.Factorized.Agreement ?? double.NaN)
            .Add("plain SQNR dB", pair => pair.Plain.SqnrDecibels).Add("factorized SQNR dB", pair => pair.Factorized.SqnrDecibels).Frame;
    }

    /// <summary>One row a layer: how many of its weights are zero.</summary>
    /// <param name="result">The pruning.</param>
    public static Frame<int, string> ToFrame(this PruningResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return new FrameColumns<PrunedLayer>(result.Layers)
            .Add("layer", layer => layer.Name)
            .Add("weights", layer => layer.Weights)
            .Add("zeros before", layer => layer.ZerosBefore)
            .Add("zeros", layer => layer.Zeros)
            .Add("sparsity", layer => layer.Sparsity).Frame;
    }
}
