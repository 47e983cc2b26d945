using System.Collections.Immutable;
using System.Globalization;
using QuantNotebooks.Equalization;
using QuantNotebooks.Export;
using QuantNotebooks.Sensitivity;

namespace QuantNotebooks.Notebook.Commands;

/// <summary><c>equalize MODEL [--images SET] [--method NAME] [scheme] [--out FILE]</c>: channels of more equal ranges, the same function.</summary>
internal static class EqualizeCommand
{
    private static readonly CommandOption<string> Images = CommonOptions.Text(
        "--images", "SET", "Images to measure activations and compare outputs on; cross-layer can do without.");

    private static readonly CommandOption<string> Method = CommonOptions.Text(
        "--method", string.Join('|', EqualizationMethods.Names), "How the factors are chosen; cross-layer where it is not said.");

    private static readonly CommandOption<string> Layers = CommonOptions.Text(
        "--layers", "NAME=METHOD,...", "Another method for the channels that some layers make, or 'none'; commas between layers.");

    private static readonly CommandOption<double> MaxFactor = new(ParseFactor)
    {
        Name = "--max-factor", ValueName = "F", Help = "How far a factor may go: one- and two-step up to F; cross-layer up to F times the geometric mean of its group, above or below.", DefaultText = "16", Default = 16, Rule = "a number above 1",
    };

    private static readonly CommandOption<bool> PowerOfTwo =
        CommonOptions.Flag("--power-of-two", "Round factors to powers of two: the outputs stay the same bit for bit.");

    private static readonly CommandOption<bool> ReleasedCode =
        CommonOptions.Flag("--released-code", "One-step and two-step as the paper's released code has them, not as the paper says.");

    private static readonly CommandOption<bool> PreActivations =
        CommonOptions.Flag("--pre-activations", "One-step and two-step also keep values before an activation in the range of those after it.");

    private static readonly CommandOption<string> Out = CommonOptions.Text("--out", "FILE", "Write the equalized network as an ONNX file.");

    public static CommandDefinition Definition { get; } = CommandDefinition.Create(
        "equalize", "Make the ranges of channels more equal without changing what the network computes.", CommonOptions.Model,
        "data/models/mobilenet-v2-fashion.onnx --method cross-layer --images data/fashion-mnist/calibration --count 64 --out equalized.onnx",
        [
            Images, CommonOptions.Count, CommonOptions.SkipBroken, Method, Layers, MaxFactor, PowerOfTwo, ReleasedCode, PreActivations, Out, .. CommonOptions.Scheme,
            CommonOptions.KeepDeadChannels,
        ],
        Run, (object result) => result is EqualizationEffect effect ? effect.ToJson() : ((EqualizationResult)result).ToJson(), Conflict, result => result is EqualizationResult);

    private static string? Conflict(CommandArguments arguments) =>
        CommonOptions.Scheme.FirstOrDefault(arguments.IsGiven) is { } option && arguments.Get(Images) is null
            ? $"{option.Name} asks what the equalization does to each layer's noise under a scheme, so {Images.Name} is needed."
            : null;

    /// <summary>The equalization; what it does to each layer's noise where a scheme says how the network is quantized.</summary>
    private static object Run(CommandInputs inputs)
    {
        var arguments = inputs.Arguments;
        var method = MethodOf(Method, arguments.Get(Method));
        var layers = LayerMethods(arguments.Get(Layers));
        var looking = layers.Values.Prepend(method).FirstOrDefault(used => used?.NeedsImages() == true);
        if (arguments.Get(Images) is null && looking is { } needy)
            throw new CommandUsageException($"{Images.Name} is missing: {needy.Text()} looks at the ranges of activations; 64 images are enough.");
        var target = arguments.Get(Out);
        if (target is not null) inputs.RequireNewFile(Out, target);
        var network = inputs.Network();
        var images = arguments.Get(Images) is null ? null : inputs.Part(Images, CommonOptions.Count);
        var options = new EqualizationOptions
        {
            MaxFactor = arguments.Get(MaxFactor), PowerOfTwo = arguments.Get(PowerOfTwo), ReleasedCode = arguments.Get(ReleasedCode), PreActivations = arguments.Get(PreActivations), LayerMethods = layers,
            KeepDone = true,
        };
        if (network.Ranges is not null) inputs.Host.Note($"'{network.Name}' carries calibrated ranges; they hold for its old channels only and are dropped.");
        var result = network.Equalize(method, images, options, inputs.Progress("equalize"), inputs.Host.Cancellation);
        inputs.Save(Out, result.Network);
        if (images is null || !CommonOptions.Scheme.Any(arguments.IsGiven)) return result;
        try
        {
            return EqualizationEffect.Measure(result, images, inputs.Scheme, inputs.Progress("each layer's noise"), inputs.Host.Cancellation);
        }
        catch (OperationCanceledException)
        {
            // The factors are whole, and of use without it.
            inputs.Host.Note("interrupted: what the equalization does to each layer's noise was not measured.");
            return result;
        }
    }

    private static ImmutableDictionary<string, EqualizationMethod?> LayerMethods(string? list)
    {
        var methods = ImmutableDictionary.CreateBuilder<string, EqualizationMethod?>();
        foreach (var entry in list?.Split(',') ?? [])
        {
            // Names may hold an equals sign, methods don't.
            var sign = entry.LastIndexOf('=');
            if (sign < 1) throw new CommandUsageException($"{Layers.Name}: '{entry}' must be NAME=METHOD.");
            var (name, method) = (entry[..sign], entry[(sign + 1)..]);
            if (!methods.TryAdd(name, method == "none" ? null : MethodOf(Layers, method))) throw new CommandUsageException($"{Layers.Name} names '{name}' twice.");
        }
        return methods.ToImmutable();
    }

    /// <summary>The method that an option names; cross-layer where it is not given.</summary>
    internal static EqualizationMethod MethodOf(CommandOption<string> option, string? name)
    {
        if (name is null) return EqualizationMethod.CrossLayer;
        try
        {
            return EqualizationMethods.Parse(name);
        }
        catch (QuantNotebooksException mistake)
        {
            throw new CommandUsageException($"{option.Name}: {mistake.Message}");
        }
    }

    private static bool ParseFactor(string text, out double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value) && value > 1;
}
