using QuantNotebooks.Evaluation;
using QuantNotebooks.Export;

namespace QuantNotebooks.Notebook.Commands;

/// <summary><c>evaluate MODEL --images SET --calibration SET [scheme | --float]</c>: the accuracy of one network.</summary>
internal static class EvaluateCommand
{
    private static readonly CommandOption<bool> Float = CommonOptions.Flag("--float", "Full precision only: nothing is quantized or calibrated.");

    public static CommandDefinition Definition { get; } = CommandDefinition.Create(
        "evaluate", "Measure the accuracy in full precision and quantized.", CommonOptions.Model,
        "data/models/mobilenet-v1-fashion.onnx --images data/fashion-mnist/test --count 500 --calibration data/fashion-mnist/calibration --calibration-count 64",
        [
            CommonOptions.Images, CommonOptions.Count, CommonOptions.Calibration, CommonOptions.CalibrationCount, CommonOptions.SkipBroken,
            .. CommonOptions.Scheme, Float, CommonOptions.KeepDeadChannels,
        ],
        Run, (EvaluationResult result) => result.ToJson(), Conflict, result => result.StoppedBefore is not null);

    private static EvaluationResult Run(CommandInputs inputs)
    {
        var network = inputs.Network();
        var images = inputs.Images();
        var progress = inputs.Progress("evaluate");
        if (!inputs.Arguments.Get(Float))
        {
            inputs.WarnOfOtherScheme(network, inputs.Scheme);
            var calibration = inputs.Calibration([network], [inputs.Scheme], images);
            return network.Evaluate(images, inputs.Scheme, calibration, new() { KeepDone = true }, progress, inputs.Host.Cancellation);
        }
        if (inputs.Arguments.IsGiven(CommonOptions.Calibration))
            inputs.Host.Note($"{Float.Name} calibrates nothing; {CommonOptions.Calibration.Name} is ignored.");
        return network.Evaluate(images, new() { KeepDone = true }, progress, inputs.Host.Cancellation);
    }

    private static string? Conflict(CommandArguments arguments) =>
        arguments.Get(Float) && CommonOptions.Scheme.FirstOrDefault(arguments.IsGiven) is { } option
            ? $"{Float.Name} quantizes nothing, so it can't be given together with {option.Name}."
            : null;
}
