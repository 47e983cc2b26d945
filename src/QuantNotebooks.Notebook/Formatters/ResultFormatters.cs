using Deedle;
using Deedle.Internal;
using Microsoft.DotNet.Interactive.Formatting;
using Plotly.NET;
using QuantNotebooks.Correction;
using QuantNotebooks.Equalization;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Experiments;
using QuantNotebooks.Export;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Notebook.Frames;
using QuantNotebooks.Notebook.Hosting;
using QuantNotebooks.Quantization;
using QuantNotebooks.Notebook.Reports;
using QuantNotebooks.Pruning;
using QuantNotebooks.Recommendation;
using QuantNotebooks.Sensitivity;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Notebook.Formatters;

/// <summary>How the results of the analysis, charts and Deedle frames look in a notebook.</summary>
public static class ResultFormatters
{
    private static readonly Lock Gate = new();
    private static bool registered;

    /// <summary>Registers all of them with Microsoft.DotNet.Interactive.Formatting, once in a process; further calls do nothing. Thread safe.</summary>
    public static void Register()
    {
        lock (Gate)
        {
            if (registered) return;
            RegisterPage<MeanShiftReport>(ResultPages.Of);
            RegisterPage<LayerShift>(ResultPages.Of);
            RegisterPage<SensitivityReport>(SensitivityPage.Of);
            RegisterPage<RecommendationReport>(RecommendationPage.Of);
            Register<NetworkReport>(ReportHtml.Of, report => string.Join("\n", ReportSummary.Lines(report)));
            RegisterPage<EqualizationResult>(EqualizationPage.Of);
            RegisterPage<EqualizationEffect>(EqualizationPage.Of);
            RegisterPage<FactorizationComparison>(FramePages.Of);
            RegisterPage<HighBiasResult>(NetworkChangePages.Of);
            RegisterPage<DeadChannelResult>(NetworkChangePages.Of);
            RegisterPage<PruningReport>(PruningPage.Of);
            RegisterPage<PruningResult>(PruningPage.Of);
            RegisterPage<CorrectionResult>(ResultPages.Of);
            RegisterPage<TrainingRun>(ResultPages.Of);
            RegisterPage<ChannelDistribution>(ResultPages.Of);
            RegisterPage<Comparison>(ResultPages.Of);
            RegisterPage<EvaluationResult>(ResultPages.Of);
            RegisterPage<ExperimentReport>(ExperimentPage.Of);
            RegisterPage<ExportResult>(ExportPage.Of);
            RegisterPage<Network>(ResultPages.Of);
            RegisterPage<Layer>(ResultPages.Of);
            RegisterPage<ImageSet>(ImageStrip.Page);
            RegisterPage<ShiftSignificance>(FramePages.Of);
            RegisterPage<HeldOutAgreement>(FramePages.Of);
            RegisterPage<SavedShift>(FramePages.Of);
            RegisterPage<ShiftStatistics>(FramePages.Of);
            RegisterPage<ActivationRanges>(FramePages.Of);
            Register<Image>(ImageStrip.Of, image => image.ToString());
            RegisterJson();
            Register<IFrame>(frame => frame.ToHtml(), frame => frame.ToPlainText());
            Register<ISeriesFormattable>(series => SeriesFrame.Of(series).ToHtml(), series => SeriesFrame.Of(series).ToPlainText());
            Register<ChartFigure>(ResultPage.ChartHtml, figure => figure.ToString());
            Formatter.Register<ChartFigure>(figure => figure.Json, MimeBundle.Plotly);
            Register<GenericChart>(PlainChart.Html, PlainChart.Text);
            Formatter.Register<GenericChart>(GenericChart.toFigureJson, MimeBundle.Plotly);
            registered = true;
        }
    }

    // The contract of each result; all other values of this project are written by their properties. Hosts ask for it: outputs of notebooks don't hold it.
    private static void RegisterJson()
    {
        Json<MeanShiftReport>(ShiftJson.ToJson);
        Json<SensitivityReport>(SensitivityJson.ToJson);
        Json<RecommendationReport>(RecommendationJson.ToJson);
        Json<EqualizationResult>(EqualizationJson.ToJson);
        Json<EqualizationEffect>(EqualizationJson.ToJson);
        Json<PruningReport>(PruningJson.ToJson);
        Json<HighBiasResult>(HighBiasJson.ToJson);
        Json<DeadChannelResult>(DeadChannelJson.ToJson);
        Json<CorrectionResult>(JsonExport.ToJson);
        Json<Comparison>(JsonExport.ToJson);
        Json<EvaluationResult>(JsonExport.ToJson);
        Json<ExperimentReport>(SweepJson.ToJson);
        Json<ExportResult>(ExportJson.ToJson);
        Json<Network>(JsonExport.ToJson);
        Json<QuantizationScheme>(scheme => scheme.ToJson());
        Json<ActivationRanges>(ranges => ranges.ToJson());
        Json<IFrame>(FrameExport.ToJson);
        Json<ISeriesFormattable>(series => SeriesFrame.Of(series).ToJson());
        Json<ChartFigure>(figure => figure.Json);
        Json<GenericChart>(GenericChart.toFigureJson);

        static void Json<T>(Func<T, string> json) => Formatter.Register(json, MimeBundle.Json);
    }

    private static void RegisterPage<T>(Func<T, ResultPage> page) => Register<T>(value => page(value).ToHtml(), value => page(value).ToPlainText());

    private static void Register<T>(Func<T, string> html, Func<T, string> text)
    {
        Formatter.Register(html, MimeBundle.Html);
        Formatter.Register(text, MimeBundle.PlainText);
        Formatter.SetPreferredMimeTypesFor(typeof(T), MimeBundle.Html, MimeBundle.PlainText);
    }
}
