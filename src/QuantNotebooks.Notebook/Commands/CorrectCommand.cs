using QuantNotebooks.Correction;
using QuantNotebooks.Export;

namespace QuantNotebooks.Notebook.Commands;

/// <summary><c>correct MODEL --images SET [--held-out N] [--out FILE]</c>: bias correction.</summary>
internal static class CorrectCommand
{
    private static readonly CommandOption<BiasCorrectionMethod> Method = new(ParseMethod)
    {
        Name = "--method", ValueName = "iterative", Help = "How the corrections are found.", DefaultText = "iterative",
        Default = BiasCorrectionMethod.Iterative, Rule = "'iterative', the only method there is today",
    };

    private static readonly CommandOption<string> Out =
        CommonOptions.Text("--out", "FILE", "Write the corrected network, with its calibrated ranges, as an ONNX file.");

    public static CommandDefinition Definition { get; } = CommandDefinition.Create(
        "correct", "Correct the biases, so that the mean activation shift goes away.", CommonOptions.Model,
        "data/models/mobilenet-v1-fashion.onnx --images data/fashion-mnist/calibration --count 64 --held-out 64 --out corrected.onnx",
        [CommonOptions.Images, CommonOptions.Count, Method, CommonOptions.HeldOut, Out, .. CommonOptions.Scheme, CommonOptions.KeepDeadChannels, CommonOptions.Memory],
        Run, (CorrectionResult result) => result.ToJson());

    private static CorrectionResult Run(CommandInputs inputs)
    {
        var target = inputs.Arguments.Get(Out);
        if (target is not null) inputs.RequireNewFile(Out, target);
        var network = inputs.Network();
        var (calibration, heldOut) = inputs.ImagesAndHeldOut();
        inputs.WarnOfOtherScheme(network, inputs.Scheme);
        if (network.Ranges is not null) inputs.Host.Note($"'{network.Name}' carries its own calibrated ranges; they are kept.");
        // The only method there is; the option says so to whoever asks for another.
        var result = network.CorrectBias(calibration, inputs.Scheme, heldOut, inputs.Arguments.Get(CommonOptions.Memory), inputs.Progress("correct"), inputs.Host.Cancellation);
        if (target is null) return result;
        inputs.Host.Cancellation.ThrowIfCancellationRequested();
        result.Network.Save(target);
        inputs.Host.Note($"written: {target}");
        return result;
    }

    private static bool ParseMethod(string text, out BiasCorrectionMethod value)
    {
        value = BiasCorrectionMethod.Iterative;
        return text == "iterative";
    }
}
