using QuantNotebooks.Export;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Notebook.Commands;

/// <summary><c>shift MODEL --images SET [scheme] [--split]</c>: the mean activation shift.</summary>
internal static class ShiftCommand
{
    private static readonly CommandOption<bool> Split =
        CommonOptions.Flag("--split", "Take each shift apart: own weights, own input rounding, inherited from the layers before.");

    public static CommandDefinition Definition { get; } = CommandDefinition.Create(
        "shift", "Measure the mean activation shift that quantization causes, layer by layer and channel by channel.", CommonOptions.Model,
        "data/models/mobilenet-v1-fashion.onnx --images data/fashion-mnist/calibration --count 64 --split",
        [
            CommonOptions.Images, CommonOptions.Count, CommonOptions.HeldOut, CommonOptions.Calibration, CommonOptions.CalibrationCount, Split,
            .. CommonOptions.Scheme, CommonOptions.KeepDeadChannels, CommonOptions.Memory,
        ],
        Run, (MeanShiftReport report) => report.ToJson());

    private static MeanShiftReport Run(CommandInputs inputs)
    {
        var network = inputs.Network();
        var (images, heldOut) = inputs.ImagesAndHeldOut();
        var options = new MeanShiftOptions
        {
            Split = inputs.Arguments.Get(Split),
            Calibration = Calibration(inputs, network),
            HeldOut = heldOut,
            Memory = inputs.Arguments.Get(CommonOptions.Memory),
        };
        return network.MeasureMeanShift(images, inputs.Scheme, options, inputs.Progress("shift"), inputs.Host.Cancellation);
    }

    /// <summary>The images that set the ranges; null where the network carries its own, or the measured images set them.</summary>
    private static ImageSet? Calibration(CommandInputs inputs, Network network)
    {
        var given = inputs.Arguments.IsGiven(CommonOptions.Calibration);
        if (network.Ranges is null) return given ? inputs.Part(CommonOptions.Calibration, CommonOptions.CalibrationCount) : null;
        inputs.Host.Note($"'{network.Name}' carries its own calibrated ranges; they are used{(given ? $", and {CommonOptions.Calibration.Name} is ignored" : "")}.");
        return null;
    }
}
