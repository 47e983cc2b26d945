using System.Diagnostics;
using System.Globalization;
using QuantNotebooks.Correction;
using QuantNotebooks.Equalization;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Tests;
using QuantNotebooks.Training;

namespace QuantNotebooks.Yardstick;

/// <summary>Runs the rows that are not there yet.</summary>
internal sealed class Study(Settings settings)
{
    private readonly ImageSet _images = ImageSet.Load(Repository.PathOf("data", "fashion-mnist", "calibration"));
    private readonly ImageSet _test = ImageSet.Load(Repository.PathOf("data", "fashion-mnist", "test")).Take(settings.Test);

    private readonly Dictionary<Network, double> _float = [];

    /// <summary>Runs every method on every network, the quick ones first; writes each row and the table as soon as it is known.</summary>
    public void Run()
    {
        var rows = Row.Load(settings.RowsFile);
        // What is known is written first: an interrupt, or a change of the text, does not wait for the next row.
        MarkdownTable.Write(settings, rows);
        var networks = Networks();
        if (networks.Count > 0) WarmUp(networks[0]);
        foreach (var bitsTogether in settings.Bits.Chunk(2))
            foreach (var group in Methods.Of(settings))
                foreach (var (bits, network) in bitsTogether.SelectMany(bits => networks.Select(network => (bits, network))).OrderBy(pair => pair.network.KeepsDeadChannels))
                    foreach (var method in group.Where(method => settings.Methods.Length == 0 || settings.Methods.Contains(method.Name)))
                    {
                        if (rows.Exists(row => (row.Network, row.KeepsDeadChannels, row.Bits, row.Method) == (network.Name, network.KeepsDeadChannels, bits, method.Name))) continue;
                        var row = Measure(network, bits, method);
                        row.Append(settings.RowsFile);
                        rows.Add(row);
                        MarkdownTable.Write(settings, rows);
                        Console.WriteLine(FormattableString.Invariant($"{DateTime.Now:HH:mm:ss} {row.Network} {(row.KeepsDeadChannels ? "kept" : "")} {row.Bits} bits, {row.Method}: {100 * row.TopOne:F2} %, {row.CpuSeconds:F1} CPU s"));
                    }
        MarkdownTable.Write(settings, rows);
    }

    /// <summary>The output's SQNR on the calibration images behind every equalization and an iterative correction: no test image is looked at.</summary>
    public void SearchEqualization()
    {
        var images = _images.Take(settings.Calibration);
        foreach (var method in (EqualizationMethod[])[EqualizationMethod.OneStep, EqualizationMethod.TwoStep, EqualizationMethod.CrossLayer, EqualizationMethod.CrossLayerTwoStep])
            foreach (var bits in settings.Bits)
            {
                var scheme = QuantizationScheme.Int8PerTensor.WithBits(bits);
                var decibels = Networks().Select(network =>
                    network.Equalize(method, images).Network.CorrectBias(images, scheme).Network.Evaluate(images, scheme, images).SqnrDecibels!.Value).ToArray();
                Console.WriteLine(FormattableString.Invariant(
                    $"{method.Text()}, {bits} bits: {string.Join(", ", decibels.Select(value => value.ToString("F1", CultureInfo.InvariantCulture)))}; average {decibels.Average():F1} dB"));
            }
    }

    /// <summary>Held-out loss and agreement of learning rates on the training images' last eighth: no test image is looked at.</summary>
    public void SearchRates()
    {
        var images = _images.Take(settings.Training);
        foreach (var network in Networks().Where(network => !network.KeepsDeadChannels))
            foreach (var bits in settings.Bits)
            {
                var scheme = QuantizationScheme.Int8PerTensor.WithBits(bits);
                if (settings.Search == "biases")
                {
                    var equalized = network.Equalize(EqualizationMethod.CrossLayer, images).Network;
                    foreach (var rate in (double[])[2.5e-3, 5e-3, 1e-2, 2e-2])
                        foreach (var subject in (Network[])[network, equalized])
                            Report(rate, subject.FineTuneBiases(images, scheme, TrainingOptions.Biases with { Epochs = settings.Epochs, LearningRate = rate }).Training!, subject);
                }
                else
                {
                    foreach (var rate in (double[])[2.5e-4, 5e-4, 1e-3, 2.5e-3])
                        Report(rate, network.TrainQuantizationAware(images, scheme, TrainingOptions.QuantizationAware with { Epochs = settings.AwareEpochs, LearningRate = rate }).Training, network);
                }

                void Report(double rate, TrainingRun run, Network subject) => Console.WriteLine(FormattableString.Invariant(
                    $"{subject.Name} {bits} bits, {settings.Search}, rate {rate}: {Described(run)}"));
            }
    }

    private List<Network> Networks()
    {
        var networks = new List<Network>();
        foreach (var name in settings.Networks)
        {
            var file = Repository.PathOf("data", "models", name + ".onnx");
            var dropped = Network.Load(file);
            if (settings.Dead != "kept") networks.Add(dropped);
            if (settings.Dead != "dropped" && dropped.Layers.Any(layer => layer.DeadChannels.Length > 0)) networks.Add(Network.Load(file, new LoadOptions { KeepDeadChannels = true }));
        }
        return networks;
    }

    private Row Measure(Network network, int bits, Method method)
    {
        var scheme = QuantizationScheme.Int8PerTensor.WithBits(bits);
        var on = _images.Take(method.Trains ? settings.Training : settings.Calibration);
        using var process = Process.GetCurrentProcess();
        var (watch, processor) = (Stopwatch.StartNew(), process.TotalProcessorTime);
        var (made, training) = method.Make(network, on, scheme);
        process.Refresh();
        var (seconds, processorSeconds) = (watch.Elapsed.TotalSeconds, (process.TotalProcessorTime - processor).TotalSeconds);
        var result = made.Evaluate(_test, scheme, on);
        if (!_float.TryGetValue(network, out var full)) _float[network] = full = network.Evaluate(_test).FloatAccuracy!.Value;
        return new Row(
            network.Name, network.KeepsDeadChannels, bits, method.Name, method.Name == "naive" ? 0 : on.Count, training is null ? null : Described(training),
            seconds, processorSeconds, result.QuantizedAccuracy!.Value, full, _test.Count, DateOnly.FromDateTime(DateTime.UtcNow));
    }

    /// <summary>Compiling the code is nobody's cost.</summary>
    private void WarmUp(Network network)
    {
        var few = settings with { Epochs = 1, AwareEpochs = 1 };
        foreach (var method in Methods.Of(few).SelectMany(group => group)) method.Make(network, _images.Take(64), QuantizationScheme.Int8PerTensor);
    }

    private static string Described(TrainingRun run)
    {
        var (first, best) = (run.Epochs[0], run.Epochs[run.Best]);
        return string.Create(CultureInfo.InvariantCulture,
            $"epoch {run.Best} of {run.Epochs.Length - 1} ({run.End}), held-out loss {first.HeldOutLoss:G4} to {best.HeldOutLoss:G4}, agreement {100 * first.HeldOutAgreement:F1} to {100 * best.HeldOutAgreement:F1} %");
    }
}
