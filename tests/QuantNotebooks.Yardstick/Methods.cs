using QuantNotebooks.Correction;
using QuantNotebooks.Equalization;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Training;

namespace QuantNotebooks.Yardstick;

/// <summary>A way to prepare a network for a scheme.</summary>
/// <param name="Name">Its name in the table.</param>
/// <param name="Trains">Whether it takes the training images, or else the calibration images.</param>
/// <param name="Make">Makes the network, and says how its training went.</param>
internal sealed record Method(string Name, bool Trains, Func<Network, ImageSet, QuantizationScheme, (Network Network, TrainingRun? Training)> Make);

/// <summary>The methods of the table.</summary>
internal static class Methods
{
    public const string Iterative = "iterative";
    public const string FineTuned = "fine-tuned biases";
    public const string EqualizedIterative = "equalized + iterative";
    public const string EqualizedFineTuned = "equalized + fine-tuned biases";
    public const string QuantizationAware = "quantization-aware";
    public const string EqualizedAware = "equalized + quantization-aware";

    /// <summary>In groups: the first ones, which are quick, run for all networks before the next.</summary>
    public static Method[][] Of(Settings settings)
    {
        var biases = TrainingOptions.Biases with { Epochs = settings.Epochs };
        var aware = TrainingOptions.QuantizationAware with { Epochs = settings.AwareEpochs };
        return
        [
            [
                new("naive", false, (network, _, _) => (network, null)),
                new(Iterative, false, (network, images, scheme) => (network.CorrectBias(images, scheme).Network, null)),
                new("analytic", false, (network, images, scheme) => (network.CorrectBiasAnalytically(images, scheme).Network, null)),
                new("equalized", false, (network, images, _) => (Equalized(network, images), null)),
                new(EqualizedIterative, false, (network, images, scheme) => (Equalized(network, images).CorrectBias(images, scheme).Network, null)),
                new("equalized + analytic", false, (network, images, scheme) => (Equalized(network, images).CorrectBiasAnalytically(images, scheme).Network, null)),
            ],
            [
                new(FineTuned, true, (network, images, scheme) => Tuned(network.FineTuneBiases(images, scheme, biases))),
                new(EqualizedFineTuned, true, (network, images, scheme) => Tuned(Equalized(network, images).FineTuneBiases(images, scheme, biases))),
            ],
            [
                new(QuantizationAware, true, (network, images, scheme) => Trained(network.TrainQuantizationAware(images, scheme, aware))),
                new(EqualizedAware, true, (network, images, scheme) => Trained(Equalized(network, images).TrainQuantizationAware(images, scheme, aware))),
            ],
        ];

        static Network Equalized(Network network, ImageSet images) => network.Equalize(EqualizationMethod.CrossLayerTwoStep, images).Network;

        static (Network, TrainingRun?) Tuned(CorrectionResult result) => (result.Network, result.Training);

        static (Network, TrainingRun?) Trained(QuantizationAwareResult result) => (result.Network, result.Training);
    }
}
