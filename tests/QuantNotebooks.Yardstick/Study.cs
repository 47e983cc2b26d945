using System.Diagnostics;
using QuantNotebooks.Correction;
using QuantNotebooks.Equalization;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Tests;
using QuantNotebooks.Training;

namespace QuantNotebooks.Yardstick;

/// <summary>Every method on one network at one number of bits.</summary>
internal static class Study
{
    public static void Run(string name, int bits, Settings settings, MarkdownTable table)
    {
        var network = Network.Load(Repository.PathOf("data", "models", name + ".onnx"), new LoadOptions { KeepDeadChannels = settings.KeepDeadChannels });
        var images = ImageSet.Load(Repository.PathOf("data", "fashion-mnist", "calibration"));
        var test = ImageSet.Load(Repository.PathOf("data", "fashion-mnist", "test")).Take(settings.Test);
        var (calibration, training) = (images.Take(settings.Calibration), images.Take(settings.Training));
        var scheme = QuantizationScheme.Int8PerTensor.WithBits(bits);
        var tuning = TrainingOptions.Biases with { Epochs = settings.Epochs };
        var aware = TrainingOptions.QuantizationAware with { Epochs = settings.AwareEpochs };
        table.Begin(network, bits, network.Evaluate(test));

        Row("naive", calibration, on => network);
        Row("iterative", calibration, on => network.CorrectBias(on, scheme).Network);
        Row("analytic", calibration, on => network.CorrectBiasAnalytically(on, scheme).Network);
        Row("fine-tuned biases", training, on => network.FineTuneBiases(on, scheme, tuning).Network);
        Row("equalized", calibration, Equalized);
        Row("equalized + iterative", calibration, on => Equalized(on).CorrectBias(on, scheme).Network);
        Row("equalized + analytic", calibration, on => Equalized(on).CorrectBiasAnalytically(on, scheme).Network);
        Row("equalized + fine-tuned biases", training, on => Equalized(on).FineTuneBiases(on, scheme, tuning).Network);
        Row("quantization-aware", training, on => network.TrainQuantizationAware(on, scheme, aware).Network);
        Row("quantization-aware, all images and labels", images, on =>
            network.TrainQuantizationAware(on, scheme, aware with { Target = TrainingTarget.Labels }).Network);

        Network Equalized(ImageSet on) => network.Equalize(EqualizationMethod.CrossLayer, on).Network;

        void Row(string method, ImageSet on, Func<ImageSet, Network> make)
        {
            var watch = Stopwatch.StartNew();
            var made = make(on);
            table.Add(method, on.Count, watch.Elapsed.TotalSeconds, made.Evaluate(test, scheme, on));
        }
    }
}
