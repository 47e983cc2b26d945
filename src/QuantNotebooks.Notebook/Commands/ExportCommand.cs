using QuantNotebooks.Export;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Notebook.Commands;

/// <summary><c>export MODEL --format qdq|float --calibration SET --out FILE</c>: the network as a file for another engine.</summary>
internal static class ExportCommand
{
    private static readonly CommandOption<string> Format = new(ParseFormat)
    {
        Name = "--format", ValueName = "qdq|float", Help = "Integers with QuantizeLinear and DequantizeLinear, or floating point.", DefaultText = "qdq", Default = "qdq",
        Rule = "'qdq' or 'float'",
    };

    private static readonly CommandOption<string> Out = CommonOptions.Text("--out", "FILE", "The ONNX file to write.", isRequired: true);

    private static readonly CommandOption<bool> ReduceRange = CommonOptions.Flag(
        "--reduce-range", "7-bit weights, so that ONNX Runtime's kernels can't saturate on x64 processors without VNNI instructions.");

    private static readonly CommandOption<bool> StoreAs8Bits = CommonOptions.Flag(
        "--store-as-8-bits", "Weights of 4 bits or fewer in 8-bit types, which ONNX Runtime's integer kernels take.");

    private static readonly CommandOption<string> Check = CommonOptions.Text(
        "--check", "SET", "Run the file in ONNX Runtime on these images and compare with the simulation: same answers, largest difference, and why.");

    private static readonly CommandOption<int> CheckCount = CommonOptions.Number("--check-count", "Only the first N images of the check.", "all");

    public static CommandDefinition Definition { get; } = CommandDefinition.Create(
        "export", "Write a network for another engine: quantized (QDQ) or in floating point.", CommonOptions.Model,
        "data/models/resnet14-fashion.onnx --calibration data/fashion-mnist/calibration --calibration-count 256 --per-channel --reduce-range --check data/fashion-mnist/test --out resnet14.int8.onnx",
        [Format, Out, CommonOptions.Calibration, CommonOptions.CalibrationCount, CommonOptions.SkipBroken, .. CommonOptions.Scheme, ReduceRange, StoreAs8Bits, Check, CheckCount, CommonOptions.KeepDeadChannels],
        Run, (ExportResult result) => result.ToJson(), Conflict);

    private static ExportResult Run(CommandInputs inputs)
    {
        var target = inputs.Arguments.Get(Out)!;
        ReportFile.RequireWritable(target);
        if (Path.GetFullPath(target) == Path.GetFullPath(inputs.Arguments.Subjects[0]))
            throw new CommandUsageException($"{Out.Name} '{target}' is the network that is exported; give another name, or the original is lost.");
        var network = inputs.Network();
        if (inputs.Arguments.Get(Format) == "float") return network.SaveFloat(target, inputs.Host.Cancellation);
        // Named first, so that images that can't be read are told before the work.
        var images = inputs.Arguments.IsGiven(Check) ? inputs.Part(Check, CheckCount) : null;
        var result = Write(inputs, network, target);
        return images is null ? result : result.CheckAgainstSimulation(images, inputs.Progress("checking"), inputs.Host.Cancellation);
    }

    private static ExportResult Write(CommandInputs inputs, Network network, string target)
    {
        var scheme = inputs.Arguments.Get(ReduceRange) ? inputs.Scheme with { WeightBits = 7 } : inputs.Scheme;
        var options = QdqOptions.Default with { StoreAs8Bits = inputs.Arguments.Get(StoreAs8Bits) };
        inputs.WarnOfOtherScheme(network, scheme);
        if (network.Ranges is not null) inputs.Host.Note($"'{network.Name}' carries its own calibrated ranges; they are used.");
        // Weights alone need no images.
        if (network.Ranges is not null || !scheme.QuantizesActivations) return network.SaveQdq(target, scheme, options: options, cancellation: inputs.Host.Cancellation);
        if (!inputs.Arguments.IsGiven(CommonOptions.Calibration))
            throw new CommandUsageException($"{CommonOptions.Calibration.Name} is missing: '{network.Name}' carries no calibrated ranges, so images must set them.");
        network.RequireQdq(scheme);
        var images = inputs.Part(CommonOptions.Calibration, CommonOptions.CalibrationCount);
        return network.SaveQdq(target, scheme, network.Calibrate(images, scheme, inputs.Progress("export"), inputs.Host.Cancellation), options, inputs.Host.Cancellation);
    }

    private static string? Conflict(CommandArguments arguments)
    {
        if (arguments.Get(Format) == "float" && CommonOptions.Scheme.Append(ReduceRange).Append(StoreAs8Bits).Append(Check).FirstOrDefault(arguments.IsGiven) is { } option)
            return $"{Format.Name} float quantizes nothing, so it can't be given together with {option.Name}.";
        if (arguments.IsGiven(CheckCount) && !arguments.IsGiven(Check)) return $"{CheckCount.Name} counts the images of {Check.Name}, which is missing.";
        return arguments.Get(ReduceRange) && CommonOptions.Scheme.FirstOrDefault(other => other.Name == "--weight-bits") is { } bits && arguments.IsGiven(bits)
            ? $"{ReduceRange.Name} means 7-bit weights, so it can't be given together with {bits.Name}."
            : null;
    }

    private static bool ParseFormat(string text, out string? value)
    {
        value = text;
        return text is "qdq" or "float";
    }
}
