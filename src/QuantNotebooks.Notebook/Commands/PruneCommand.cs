using System.Collections.Immutable;
using System.Globalization;
using QuantNotebooks.Equalization;
using QuantNotebooks.Export;
using QuantNotebooks.Pruning;

namespace QuantNotebooks.Notebook.Commands;

/// <summary><c>prune MODEL --images SET [--sparsity LIST] [--method NAME] [--scope network|layer] [--out FILE]</c>: accuracy against sparsity.</summary>
internal static class PruneCommand
{
    private static readonly CommandOption<ImmutableArray<double>> Sparsity = new(ParseShares)
    {
        Name = "--sparsity", ValueName = "LIST", Help = "Shares of weights to set to zero, ascending, commas between them.",
        DefaultText = string.Join(',', PruningMeasurement.DefaultSparsities.Select(share => share.ToString(CultureInfo.InvariantCulture))),
        Default = PruningMeasurement.DefaultSparsities, Rule = "ascending shares from 0 to below 1 such as 0.5,0.9",
    };

    private static readonly CommandOption<string> Method = CommonOptions.Text(
        "--method", string.Join('|', EqualizationMethods.Names), "The factorization whose magnitudes are compared with the plain ones; cross-layer where it is not said.");

    private static readonly CommandOption<PruningScope> Scope = new(ParseScope)
    {
        Name = "--scope", ValueName = "network|layer", Help = "Whether one threshold holds for all layers, or each loses the same share.", DefaultText = "network", Rule = "network or layer",
    };

    private static readonly CommandOption<string> Out = CommonOptions.Text("--out", "FILE", "Write the network of the largest sparsity, pruned with factorization, as an ONNX file.");

    public static CommandDefinition Definition { get; } = CommandDefinition.Create(
        "prune", "Set the weights of smallest magnitude to zero, with and without factorization, and measure what that costs.", CommonOptions.Model,
        "data/models/resnet14-fashion.onnx --images data/fashion-mnist/test --count 500 --sparsity 0.3,0.5,0.7",
        [
            CommonOptions.Images, CommonOptions.Count, CommonOptions.SkipBroken, Sparsity, Method, Scope, CommonOptions.Calibration, CommonOptions.CalibrationCount, Out,
            CommonOptions.KeepDeadChannels,
        ],
        Run, (PruningReport report) => report.ToJson(), isPart: report => report.StoppedBefore is not null);

    private static PruningReport Run(CommandInputs inputs)
    {
        var arguments = inputs.Arguments;
        var method = EqualizeCommand.MethodOf(Method, arguments.Get(Method));
        if (method.NeedsImages() && !arguments.IsGiven(CommonOptions.Calibration))
            throw new CommandUsageException($"{CommonOptions.Calibration.Name} is missing: {method.Text()} looks at the ranges of activations; 64 images are enough.");
        if (arguments.Get(Out) is { } target) inputs.RequireNewFile(Out, target);
        var network = inputs.Network();
        var options = new PruningOptions
        {
            Factorization = method, Scope = arguments.Get(Scope),
            Calibration = arguments.IsGiven(CommonOptions.Calibration) ? inputs.Part(CommonOptions.Calibration, CommonOptions.CalibrationCount) : null,
            KeepDone = true,
        };
        var report = network.MeasurePruning(inputs.Images(), arguments.Get(Sparsity), options, inputs.Progress("prune"), inputs.Host.Cancellation);
        inputs.Save(Out, report.Network);
        return report;
    }

    private static bool ParseShares(string text, out ImmutableArray<double> shares)
    {
        var builder = ImmutableArray.CreateBuilder<double>();
        shares = [];
        foreach (var part in text.Split(','))
        {
            if (!double.TryParse(part, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var share) || !(share is >= 0 and < 1)) return false;
            if (builder.Count > 0 && share <= builder[^1]) return false;
            builder.Add(share);
        }
        shares = builder.ToImmutable();
        return true;
    }

    private static bool ParseScope(string text, out PruningScope scope)
    {
        scope = text == "layer" ? PruningScope.Layer : PruningScope.Network;
        return text is "network" or "layer";
    }
}
