using System.Text.Json;
using QuantNotebooks.Equalization;
using QuantNotebooks.Pruning;

namespace QuantNotebooks.Export;

/// <summary>A comparison of prunings as a JSON document; <see cref="JsonExport"/> says how numbers are written.</summary>
public static class PruningJson
{
    /// <summary>Accuracy, agreement and SQNR at each sparsity, with and without factorization, and the sparsity of every layer.</summary>
    /// <remarks><c>factorization</c> of a row is null for the plain magnitude. <c>metric</c> says what <c>accuracy</c> counts.
    /// <c>stoppedBefore</c> is there where it was stopped, and <c>images</c> are then the first of so many.</remarks>
    public static string ToJson(this PruningReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return ReportJson.Write(report.Original, scheme: null, report.Images, writer =>
        {
            if (report.StoppedBefore is { } wanted) writer.WriteNumber("stoppedBefore", wanted);
            writer.WriteString("metric", JsonExport.MetricName(report.Metric));
            writer.WriteString("scope", JsonNamingPolicy.CamelCase.ConvertName(report.Options.Scope.ToString()));
            writer.WriteImages("calibration", report.Options.Calibration);
            writer.WriteFinite("originalAccuracy", report.OriginalAccuracy);
            writer.WriteArray("rows", report.Plain.Concat(report.Factorized), point =>
            {
                writer.WriteString("factorization", point.Pruning.Options.Factorization?.Text());
                writer.WriteFinite("sparsity", point.Pruning.Sparsity);
                writer.WriteFinite("accuracy", point.Accuracy);
                writer.WriteFinite("agreement", point.Agreement);
                writer.WriteFinite("sqnrDb", point.SqnrDecibels);
                writer.WriteDerived("pruned", point.Pruning.Network);
                writer.WriteArray("layers", point.Pruning.Layers, layer =>
                {
                    writer.WriteString("name", layer.Name);
                    writer.WriteNumber("weights", layer.Weights);
                    writer.WriteNumber("zerosBefore", layer.ZerosBefore);
                    writer.WriteNumber("zeros", layer.Zeros);
                });
            });
        });
    }
}
