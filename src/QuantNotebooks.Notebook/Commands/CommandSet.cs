using System.Collections.Immutable;
using QuantNotebooks.Correction;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Export;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Notebook.Commands;

/// <summary>All commands, defined once for every host.</summary>
public static class CommandSet
{
    private static readonly CommandOption<bool> Float = CommonOptions.Flag("--float", "Full precision only: nothing is quantized or calibrated.");

    private static readonly CommandSubject Models = new("MODEL", "ONNX files (.onnx).", IsMany: true);

    /// <summary>The commands in the order in which a study uses them.</summary>
    public static ImmutableArray<CommandDefinition> All { get; } =
    [
        CommandDefinition.Create(
            "load", "Show what a network is: its layers, dead channels, and what is not analysed and why.", CommonOptions.Model,
            "data/models/mobilenet-v1-fashion.onnx",
            [CommonOptions.KeepDeadChannels],
            inputs => inputs.Network(), (Network network) => network.ToJson()),
        ShiftCommand.Definition,
        MergeCommand.Definition,
        EqualizeCommand.Definition,
        CorrectCommand.Definition,
        CommandDefinition.Create(
            "evaluate", "Measure the accuracy in full precision and quantized.", CommonOptions.Model,
            "data/models/mobilenet-v1-fashion.onnx --images data/fashion-mnist/test --count 500 --calibration data/fashion-mnist/calibration --calibration-count 64",
            [CommonOptions.Images, CommonOptions.Count, CommonOptions.Calibration, CommonOptions.CalibrationCount, .. CommonOptions.Scheme, Float, CommonOptions.KeepDeadChannels],
            Evaluate, (EvaluationResult result) => result.ToJson(), FloatConflict),
        CommandDefinition.Create(
            "compare", "Measure networks side by side on the same images.", Models,
            "data/models/mobilenet-v1-fashion.onnx data/models/resnet14-fashion.onnx --images data/fashion-mnist/test --count 500 --calibration data/fashion-mnist/calibration --calibration-count 64",
            [CommonOptions.Images, CommonOptions.Count, CommonOptions.Calibration, CommonOptions.CalibrationCount, .. CommonOptions.Scheme, CommonOptions.KeepDeadChannels],
            Compare, (Comparison comparison) => comparison.ToJson()),
        ExportCommand.Definition,
    ];

    /// <summary>The command of that name, or null.</summary>
    public static CommandDefinition? Find(string name) => All.FirstOrDefault(command => command.Name == name);

    private static EvaluationResult Evaluate(CommandInputs inputs)
    {
        var network = inputs.Network();
        var images = inputs.Images();
        var progress = inputs.Progress("evaluate");
        if (!inputs.Arguments.Get(Float))
        {
            inputs.WarnOfOtherScheme(network, inputs.Scheme);
            var calibration = inputs.Calibration([network], images);
            return network.Evaluate(images, inputs.Scheme, calibration, progress, inputs.Host.Cancellation);
        }
        if (inputs.Arguments.IsGiven(CommonOptions.Calibration))
            inputs.Host.Note($"{Float.Name} calibrates nothing; {CommonOptions.Calibration.Name} is ignored.");
        return network.Evaluate(images, progress, inputs.Host.Cancellation);
    }

    private static string? FloatConflict(CommandArguments arguments) =>
        arguments.Get(Float) && CommonOptions.Scheme.FirstOrDefault(arguments.IsGiven) is { } option
            ? $"{Float.Name} quantizes nothing, so it can't be given together with {option.Name}."
            : null;

    private static Comparison Compare(CommandInputs inputs)
    {
        var networks = inputs.Arguments.Subjects.Select(inputs.Network).ToList();
        var images = inputs.Images();
        foreach (var network in networks) inputs.WarnOfOtherScheme(network, inputs.Scheme);
        var calibration = inputs.Calibration(networks, images);
        var comparison = Evaluation.Evaluate.Compare(
            networks, images, inputs.Scheme, calibration, inputs.Progress("compare"), inputs.Host.Cancellation);
        // Files of the same name in different folders are told apart by what the user called them.
        var ambiguous = networks.GroupBy(network => network.Name).Where(group => group.Count() > 1).Select(group => group.Key).ToHashSet();
        return new Comparison([.. comparison.Rows.Select((row, index) =>
            ambiguous.Contains(row.Name) ? row with { Name = inputs.Arguments.Subjects[index] } : row)]);
    }
}
