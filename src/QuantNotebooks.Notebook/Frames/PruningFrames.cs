using Deedle;
using QuantNotebooks.Pruning;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>Prunings as Deedle frames.</summary>
public static class PruningFrames
{
    /// <summary>One row a sparsity: accuracy, agreement and SQNR by plain and by factorized magnitude; shares 0 to 1.</summary>
    /// <param name="report">The comparison.</param>
    public static Frame<int, string> ToFrame(this PruningReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        (PruningPoint Plain, PruningPoint Factorized)[] pairs = [.. report.Plain.Zip(report.Factorized)];
        var columns = new FrameColumns<(PruningPoint Plain, PruningPoint Factorized)>(pairs).Add("sparsity", pair => pair.Factorized.Pruning.Sparsity);
        if (report.OriginalAccuracy is not null)
            columns.Add("accuracy plain", pair => pair.Plain.Accuracy ?? double.NaN).Add("accuracy factorized", pair => pair.Factorized.Accuracy ?? double.NaN);
        return columns
            .Add("agreement plain", pair => pair.Plain.Agreement ?? double.NaN).Add("agreement factorized", pair => pair.Factorized.Agreement ?? double.NaN)
            .Add("SQNR plain dB", pair => pair.Plain.SqnrDecibels).Add("SQNR factorized dB", pair => pair.Factorized.SqnrDecibels).Frame;
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
