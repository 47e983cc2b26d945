using System.Globalization;
using System.Text;
using QuantNotebooks.Correction;
using QuantNotebooks.Equalization;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Export;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sensitivity;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;
using QuantNotebooks.Training;

namespace QuantNotebooks.Benchmarks;

/// <summary>Every kind of work beside bare ONNX Runtime on the same network and images, in one run, as ratios of processor time.</summary>
internal static class JobTable
{
    private const int Rounds = 3;
    private const int TrainingImages = 128;

    private static readonly QuantizationScheme Scheme = QuantizationScheme.Int8PerTensor;

    private static readonly QuantizationScheme[] FourSchemes = [.. Enumerable.Range(5, 4).Select(QuantizationScheme.Int8PerTensor.WithBits)];

    /// <summary>The jobs: name, goal as a ratio, and beside what.</summary>
    private static readonly (string Name, double? Goal)[] Columns =
        [("shift", 2.0), ("with split", 3.5), ("correct", 2.5), ("sensitivity", 4.0), ("equalize", null), ("export", null)];

    public static (Network Network, ImageSet Images)[] Subjects { get; } =
    [
        (Data.Network("mobilenet-v1-fashion"), Data.Images("fashion-mnist", "test").Take(512)),
        (Data.Network("mobilenet-v2-fashion"), Data.Images("fashion-mnist", "test").Take(512)),
        (Data.Network("resnet14-fashion"), Data.Images("fashion-mnist", "test").Take(512)),
        (Data.Network("ppocr-text-direction"), Data.Images("text-direction", "test").Take(64)),
        (Data.Network("ppocr-v4-text-recognition"), Data.Images("text-lines", "test").Take(32)),
        (MobileNetV2.Create(), MobileNetV2.Images(32)),
    ];

    private const string TrainingHead = "| network | images | forward s | step s | ratio (goal 4) |\n|---|---:|---:|---:|---:|";

    /// <summary>The table of training alone.</summary>
    /// <param name="names">Which networks; all where none is named.</param>
    public static string MeasureTraining(params string[] names)
    {
        var table = new StringBuilder(TrainingHead).AppendLine();
        foreach (var (network, images) in Subjects)
            if (names.Length == 0 || names.Contains(network.Name)) table.AppendLine(TrainingRow(network, FewFor(images), network.Calibrate(images, Scheme)));
        return table.ToString();
    }

    public static string Measure()
    {
        var (jobs, evaluation, training, clock) = (new StringBuilder(), new StringBuilder(), new StringBuilder(), new StringBuilder());
        jobs.AppendLine("| network | images | float s | fake-quantized s | " + string.Join(" | ", Columns.Select(column => column.Name + (column.Goal is { } goal ? Text($" (goal {goal:F1})") : ""))) + " |");
        jobs.AppendLine("|---|---:|---:|---:|" + string.Concat(Columns.Select(_ => "---:|")));
        clock.AppendLine("| network | " + string.Join(" | ", Columns.Select(column => column.Name)) + " |");
        clock.AppendLine("|---|" + string.Concat(Columns.Select(_ => "---:|")));
        evaluation.AppendLine("| network | one fake-quantized pass s | 1 scheme (goal 1.5) | 4 schemes (goal 4.5) | beside bare: 1 scheme | 4 schemes |");
        evaluation.AppendLine("|---|---:|---:|---:|---:|---:|");
        training.AppendLine(TrainingHead);
        foreach (var (network, images) in Subjects) Add(network, images, jobs, clock, evaluation, training);
        return $"""
            {jobs}
            The same on the clock:

            {clock}
            ## Evaluation of n schemes

            Calibration is done before. One fake-quantized pass is this library's own simulation alone, which puts every tensor on its grid as an integer engine would; bare is
            ONNX Runtime's float and fake-quantized networks, as above.

            {evaluation}
            ## A step of bias fine-tuning

            An epoch over seven eighths of the images and a look at the other eighth, beside a forward pass of the fake-quantized network over all of them. Starting up is taken
            out: it is half the difference of three epochs and one.

            {training}
            """;
    }

    private static void Add(Network network, ImageSet images, StringBuilder jobs, StringBuilder clock, StringBuilder evaluation, StringBuilder training)
    {
        Console.Error.WriteLine(network.Name);
        var ranges = network.Calibrate(images, Scheme);
        var entries = FourSchemes.Select(scheme => new EvaluationEntry(network, scheme, ranges)).ToArray();
        var file = Path.GetTempFileName();
        var medians = Stopwatches.Medians(
            Rounds,
            () => BareRuntime.Float(network, images),
            () => BareRuntime.FakeQuantized(network, images, Scheme, ranges),
            () => network.MeasureMeanShift(images, Scheme),
            () => network.MeasureMeanShift(images, Scheme, new() { Split = true }),
            () => network.CorrectBias(images, Scheme),
            () => network.MeasureSensitivity(images, Scheme),
            () => network.Equalize(EqualizationMethod.CrossLayer, images),
            () => network.SaveQdq(file, Scheme, images),
            () => Simulate(network, images, ranges),
            () => EvaluationPass.Run(entries[^1..], images, keepDone: false, progress: null, CancellationToken.None),
            () => EvaluationPass.Run(entries, images, keepDone: false, progress: null, CancellationToken.None));
        File.Delete(file);
        var (full, fake) = (medians[0], medians[1]);
        var bare = new Seconds(full.Wall + fake.Wall, full.Processor + fake.Processor);
        var row = Columns.Select((column, index) => Ratio(medians[index + 2].Processor / bare.Processor, column.Goal));
        jobs.AppendLine(Text($"| {network.Name} | {images.Count} | {full.Processor:F2} | {fake.Processor:F2} | {string.Join(" | ", row)} |"));
        clock.AppendLine(Text($"| {network.Name} | {string.Join(" | ", Columns.Select((_, index) => Text($"{medians[index + 2].Wall / bare.Wall:F2}")))} |"));
        var (pass, one, four) = (medians[8].Processor, medians[9].Processor, medians[10].Processor);
        evaluation.AppendLine(Text($"| {network.Name} | {pass:F2} | {Ratio(one / pass, 1.5)} | {Ratio(four / pass, 4.5)} | {one / bare.Processor:F2} | {four / bare.Processor:F2} |"));
        training.AppendLine(TrainingRow(network, FewFor(images), ranges));
        foreach (var table in (StringBuilder[])[jobs, clock, evaluation, training]) Console.Error.Write(table.ToString().Split(Environment.NewLine)[^2] + Environment.NewLine);
    }

    private static void Simulate(Network network, ImageSet images, ActivationRanges ranges)
    {
        var batches = new ImageBatches(network, images);
        var workers = BatchWorkers.For(batches);
        using var pool = new TensorPool();
        using var inference = new QuantizedInference(network, Scheme, ranges, batches.InputName, pool, new SessionSettings(workers.ThreadsEach, Unoptimized: false));
        using var reader = batches.Open(pool, CancellationToken.None);
        workers.ForEach(batch => inference.Run(reader.Take(batch), CancellationToken.None).Dispose(), CancellationToken.None);
    }

    private static ImageSet FewFor(ImageSet images) => images.Take(Math.Min(TrainingImages, images.Count));

    private static string TrainingRow(Network network, ImageSet images, ActivationRanges ranges)
    {
        try
        {
            var medians = Stopwatches.Medians(Rounds, () => Train(1), () => Train(3), () => BareRuntime.FakeQuantized(network, images, Scheme, ranges));
            var (step, forward) = ((medians[1].Processor - medians[0].Processor) / 2, medians[2].Processor);
            return Text($"| {network.Name} | {images.Count} | {forward:F2} | {step:F2} | {(step > 0 ? Ratio(step / forward, 4) : "lost in noise")} |");
        }
        catch (QuantNotebooksException refusal)
        {
            return $"| {network.Name} | {images.Count} | | | {refusal.Message.ReplaceLineEndings(" ")} |";
        }

        void Train(int epochs) => network.FineTuneBiases(images, Scheme, TrainingOptions.Biases with { Epochs = epochs, Start = TrainingStart.Network });
    }

    private static string Ratio(double ratio, double? goal) => Text($"{ratio:F2}{(ratio > goal ? " **missed**" : "")}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
