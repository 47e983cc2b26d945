using QuantNotebooks.Evaluation;
using QuantNotebooks.Export;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Notebook.Commands;

/// <summary><c>compare MODEL... --images SET --calibration SET [--schemes LIST | scheme]</c>: networks and schemes side by side.</summary>
internal static class CompareCommand
{
    private static readonly CommandSubject Models = new("MODEL", "ONNX files (.onnx).", IsMany: true);

    private static readonly CommandOption<string> Schemes = CommonOptions.Text(
        "--schemes", "LIST",
        "Several schemes, commas between them: a preset, a report, 'float', or bits of weights/activations such as 4/8; each may go on with ':per-channel' and ':ESTIMATOR', as in 4/8:per-channel:mse.");

    public static CommandDefinition Definition { get; } = CommandDefinition.Create(
        "compare", "Measure networks and schemes side by side on the same images.", Models,
        "data/models/mobilenet-v1-fashion.onnx data/models/resnet14-fashion.onnx --images data/fashion-mnist/test --count 500 --calibration data/fashion-mnist/calibration --calibration-count 64",
        [
            CommonOptions.Images, CommonOptions.Count, CommonOptions.Calibration, CommonOptions.CalibrationCount, CommonOptions.SkipBroken,
            Schemes, .. CommonOptions.Scheme, CommonOptions.KeepDeadChannels,
        ],
        Run, (Comparison comparison) => comparison.ToJson(), Conflict, comparison => comparison.Rows.Any(row => row.Result.StoppedBefore is not null));

    private static Comparison Run(CommandInputs inputs)
    {
        var schemes = inputs.Arguments.Get(Schemes) is { } list ? SchemeList.Parse(Schemes.Name, list) : [inputs.Scheme];
        var networks = inputs.Arguments.Subjects.Select(inputs.Network).ToList();
        var images = inputs.Images();
        foreach (var network in networks)
            foreach (var scheme in schemes)
                if (scheme is not null) inputs.WarnOfOtherScheme(network, scheme);
        var calibration = schemes.OfType<QuantizationScheme>().ToList() is { Count: > 0 } quantizing ? inputs.Calibration(networks, quantizing, images) : null;
        var comparison = Evaluate.Compare(networks, images, schemes, calibration, new() { KeepDone = true }, inputs.Progress("compare"), inputs.Host.Cancellation);
        // Files of the same name in different folders are told apart by what the user called them.
        var ambiguous = networks.GroupBy(network => network.Name).Where(group => group.Count() > 1).Select(group => group.Key).ToHashSet();
        return new Comparison([.. comparison.Rows.Select((row, index) =>
            ambiguous.Contains(row.Name) ? row with { Name = inputs.Arguments.Subjects[index / schemes.Length] } : row)]);
    }

    private static string? Conflict(CommandArguments arguments) =>
        arguments.IsGiven(Schemes) && CommonOptions.Scheme.FirstOrDefault(arguments.IsGiven) is { } option
            ? $"{Schemes.Name} says all of each scheme, so it can't be given together with {option.Name}."
            : null;
}
