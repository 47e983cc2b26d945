using QuantNotebooks.Networks;
using QuantNotebooks.Training;

namespace QuantNotebooks.Experiments;

/// <summary>Every step that a plan can name here: those of the analysis, and those that train.</summary>
public static class AllSteps
{
    /// <summary>The steps: <see cref="ExperimentStep.Known"/>, "fine-tune" and "quantization-aware".</summary>
    public static IReadOnlyList<ExperimentStep> Known { get; } =
    [
        .. ExperimentStep.Known,
        Training("fine-tune", TrainingOptions.Biases, (inputs, options) => inputs.Network.FineTuneBiases(inputs.Images, inputs.Scheme, options, cancellation: inputs.Cancellation).Network),
        Training("quantization-aware", TrainingOptions.QuantizationAware,
            (inputs, options) => inputs.Network.TrainQuantizationAware(inputs.Images, inputs.Scheme, options, cancellation: inputs.Cancellation).Network),
    ];

    private static ExperimentStep Training(string name, TrainingOptions usual, Func<ExperimentInputs, TrainingOptions, Network> train) =>
        new(name, inputs => train(inputs, usual with
        {
            Epochs = inputs.Method.Epochs ?? usual.Epochs, LearningRate = inputs.Method.LearningRate ?? usual.LearningRate, Seed = inputs.Seed,
        })) { Trains = true, IsRandom = true };
}
