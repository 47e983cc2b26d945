using QuantNotebooks.Correction;
using QuantNotebooks.Equalization;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Experiments;
using QuantNotebooks.Export;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Notebook.Reports;
using QuantNotebooks.Pruning;
using QuantNotebooks.Recommendation;
using QuantNotebooks.Sensitivity;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Kernel.CommandLine.Reports;

/// <summary>Results as plain text: a header, a table, what the numbers mean, and what to do next.</summary>
internal static class ReportText
{
    public static void Write(object result, TextWriter writer)
    {
        switch (result)
        {
            case Network network: NetworkText.Write(network, writer); break;
            case MeanShiftReport shift: ShiftText.Write(shift, writer); break;
            case SensitivityReport sensitivity: SensitivityText.Write(sensitivity, writer); break;
            case RecommendationReport recommendation: RecommendationText.Write(recommendation, writer); break;
            case NetworkReport report:
                foreach (var line in ReportSummary.Lines(report)) writer.WriteLine(line);
                writer.WriteLine("--html FILE writes it all: charts, a section a layer, settings and a glossary.");
                break;
            case EqualizationResult equalization: EqualizationText.Write(equalization, writer); break;
            case EqualizationEffect effect: EqualizationText.Write(effect, writer); break;
            case HighBiasResult absorption: NetworkChangeText.Write(absorption, writer); break;
            case DeadChannelResult removal: NetworkChangeText.Write(removal, writer); break;
            case PruningReport pruning: PruningText.Write(pruning, writer); break;
            case CorrectionResult correction: CorrectionText.Write(correction, writer); break;
            case EvaluationResult evaluation: EvaluationText.Write(evaluation, writer); break;
            case Comparison comparison: EvaluationText.Write(comparison, writer); break;
            case ExperimentReport experiments: ExperimentText.Write(experiments, writer); break;
            case ChartFigure figure:
                writer.WriteLine($"{figure}");
                writer.WriteLine("--html FILE draws it, --json FILE writes Plotly's figure.");
                break;
            case ExportResult export: ExportedText.Write(export, writer); break;
            default: throw new ArgumentException($"There is no text for a {result.GetType().Name}.", nameof(result));
        }
    }
}
