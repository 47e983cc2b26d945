using QuantNotebooks.Export;
using QuantNotebooks.Sensitivity;

namespace QuantNotebooks.Notebook.Commands;

/// <summary><c>sensitivity MODEL --images SET [scheme] [--sample N]</c>: each layer quantized alone.</summary>
internal static class SensitivityCommand
{
    private static readonly CommandOption<int> Sample = CommonOptions.Number(
        "--sample", "Run N of the images, evenly spaced; all of them set the ranges.", "what costs at most twice a shift measurement");

    public static CommandDefinition Definition { get; } = CommandDefinition.Create(
        "sensitivity", "Quantize each layer alone and measure what that does to the network's output.", CommonOptions.Model,
        "data/models/mobilenet-v1-fashion.onnx --images data/fashion-mnist/calibration --count 256",
        [
            CommonOptions.Images, CommonOptions.Count, CommonOptions.SkipBroken, Sample, CommonOptions.Calibration, CommonOptions.CalibrationCount,
            .. CommonOptions.Scheme, CommonOptions.KeepDeadChannels,
        ],
        Run, (SensitivityReport report) => report.ToJson(), isPart: report => report.StoppedBefore is not null);

    private static SensitivityReport Run(CommandInputs inputs)
    {
        var network = inputs.Network();
        inputs.WarnOfOtherScheme(network, inputs.Scheme);
        var options = new SensitivityOptions
        {
            Sample = inputs.Arguments.IsGiven(Sample) ? inputs.Arguments.Get(Sample) : null,
            Calibration = inputs.Arguments.IsGiven(CommonOptions.Calibration) ? inputs.Part(CommonOptions.Calibration, CommonOptions.CalibrationCount) : null,
            KeepDone = true,
        };
        return network.MeasureSensitivity(inputs.Images(), inputs.Scheme, options, inputs.Progress("sensitivity"), inputs.Host.Cancellation);
    }
}
