using System.Globalization;
using System.Text;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Training;

namespace QuantNotebooks.Yardstick;

/// <summary>The rows as Markdown: a table of what the methods gain on each other, then every row.</summary>
internal static class MarkdownTable
{
    private static readonly string[] Order =
    [
        "naive", "analytic", Methods.Iterative, Methods.FineTuned, "equalized", "equalized + analytic", Methods.EqualizedIterative, Methods.EqualizedFineTuned,
        Methods.QuantizationAware, Methods.EqualizedAware,
    ];

    public static void Write(Settings settings, IReadOnlyList<Row> rows)
    {
        if (rows.Count == 0) return;
        var text = new StringBuilder();
        Head(text, settings, rows);
        var studies = rows.GroupBy(row => (row.Network, row.KeepsDeadChannels, row.Bits))
            .OrderBy(study => study.Key.Network, StringComparer.Ordinal).ThenBy(study => study.Key.KeepsDeadChannels).ThenByDescending(study => study.Key.Bits).ToList();
        text.AppendLine("| network | bits | float | equalized + iterative - float | fine-tuned - iterative | quantization-aware - equalized + fine-tuned | its cost in equalized + fine-tuned | in equalized + iterative |");
        text.AppendLine("|---|---:|---:|---:|---:|---:|---:|---:|");
        foreach (var study in studies) Comparison(text, [.. study]);
        foreach (var study in studies) Table(text, [.. study]);
        File.WriteAllText(settings.File + ".tmp", text.ToString());
        File.Move(settings.File + ".tmp", settings.File, overwrite: true);
    }

    private static void Head(StringBuilder text, Settings settings, IReadOnlyList<Row> rows)
    {
        var (biases, aware) = (TrainingOptions.Biases, TrainingOptions.QuantizationAware);
        text.AppendLine(CultureInfo.InvariantCulture, $"""
            # Corrections beside quantization-aware training

            Measured {rows.Min(row => row.Date):yyyy-MM-dd} to {rows.Max(row => row.Date):yyyy-MM-dd} by `dotnet run -c Release --project tests/QuantNotebooks.Yardstick`, which
            adds the rows that are missing; delete `yardstick.jsonl` to measure all of them again.

            Weights and activations have the same number of bits, one scale a tensor, activations' ranges by the extrema on the images that the method saw, int32
            biases; the network's input and its scores keep at least 8 bits. Corrections that don't train see {settings.Calibration:N0} images, the others {settings.Training:N0}, none of them
            a test image; naive sees those of the former for its ranges. Equalized is cross-layer, then two-step (`cross-layer-two-step`): of the methods the one whose
            output after an iterative correction has the highest SQNR on the calibration images, by `--search equalization --bits 4` (10.7 dB on average over the three networks and the two with dead channels kept; one-step 9.7, two-step 8.9, cross-layer 8.2). No method sees a label: both trainings learn the full-precision network's output from the iterative correction on, with Adam, {biases.BatchSize} images
            a step, seven eighths of the images training and one eighth choosing the best epoch: biases at most {settings.Epochs} epochs from rate {biases.LearningRate}, stopping after {biases.Patience} without
            gain; all weights and biases {settings.AwareEpochs} epochs from {aware.LearningRate}, stopping after {aware.Patience}. A rate counts in standard deviations of a bias's channel and in the root mean square of a
            layer's weights. Both rates were searched for among four, by the loss on the images set aside, at 4 bits: the biases' by `--search biases --epochs 8` on MobileNet v1 and v2,
            each as it is and equalized across layers (sums of the four losses 1.254, 1.213, 1.124, 1.077 at 0.0025, 0.005, 0.01, 0.02; v1 as it is alone prefers 0.01), the weights' by
            `--search weights --aware-epochs 10` on MobileNet v1 (0.2486, 0.2478, 0.2356, 0.2585 at 0.00025, 0.0005, 0.001, 0.0025).

            top-1: share of the test images, with Wilson's 95 % interval; all methods see the same test images. seconds: finding the correction, equalization included,
            testing excluded. CPU seconds: processor time of all threads. cost: CPU seconds beside those of the iterative correction of the same network and bits.

            ## What the methods gain on each other

            In points of top-1; costs as ratios of CPU seconds. An empty cell was not measured yet.

            """);
    }

    private static void Comparison(StringBuilder text, Row[] study)
    {
        var first = study[0];
        var (iterative, tuned, quick, best, aware) =
            (Find(Methods.Iterative), Find(Methods.FineTuned), Find(Methods.EqualizedIterative), Find(Methods.EqualizedFineTuned), Find(Methods.QuantizationAware));
        text.AppendLine(
            $"| {Name(first)} | {first.Bits} | {Percent(first.FloatTopOne)} | {Points(quick?.TopOne - first.FloatTopOne)} | {Points(tuned?.TopOne - iterative?.TopOne)} "
            + $"| {Points(aware?.TopOne - best?.TopOne)} | {Ratio(aware, best)} | {Ratio(aware, quick)} |");

        Row? Find(string method) => Array.Find(study, row => row.Method == method);
    }

    private static void Table(StringBuilder text, Row[] study)
    {
        var first = study[0];
        var unit = Array.Find(study, row => row.Method == Methods.Iterative);
        text.AppendLine(CultureInfo.InvariantCulture, $"""

            ## {Name(first)}, {first.Bits} bits

            Full precision: {Percent(first.FloatTopOne)} of {first.TestImages:N0} test images.

            | method | images | seconds | CPU seconds | cost | top-1 | 95 % interval | training |
            |---|---:|---:|---:|---:|---:|---|---|
            """);
        foreach (var row in study.OrderBy(row => Array.IndexOf(Order, row.Method)))
        {
            var interval = WilsonInterval.Of(row.TopOne, row.TestImages);
            text.AppendLine(CultureInfo.InvariantCulture,
                $"| {row.Method} | {row.Images:N0} | {row.Seconds:F1} | {row.CpuSeconds:F1} | {(row.Images == 0 ? "" : Ratio(row, unit))} | {Percent(row.TopOne)} | {Percent(interval.Low)} to {Percent(interval.High)} | {row.Training} |");
        }
    }

    private static string Name(Row row) => row.Network + (row.KeepsDeadChannels ? ", dead channels kept" : "");

    private static string Ratio(Row? row, Row? unit) =>
        row is null || unit is null ? "" : (row.CpuSeconds / unit.CpuSeconds).ToString("F1", CultureInfo.InvariantCulture);

    private static string Points(double? difference) => difference is { } value ? (100 * value).ToString("+0.00;-0.00", CultureInfo.InvariantCulture) : "";

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:F2} %");
}
