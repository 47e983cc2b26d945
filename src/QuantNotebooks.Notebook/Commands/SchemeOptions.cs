using System.Collections.Immutable;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Notebook.Commands;

/// <summary>The options that make up a quantization scheme: a preset or a report's scheme, and what differs from it.</summary>
internal static class SchemeOptions
{
    private static readonly CommandOption<string> Scheme = CommonOptions.Text(
        "--scheme", "PRESET|FILE", $"Start from a named scheme ({PresetNames}) or from the scheme of a JSON report.");

    private static readonly CommandOption<int?> WeightBits = Bits("--weight-bits", "Bits of a weight.");

    private static readonly CommandOption<int?> ActivationBits = Bits("--activation-bits", "Bits of an activation.");

    private static readonly CommandOption<bool> PerChannel = CommonOptions.Flag("--per-channel", "One weight scale for each output channel instead of one a layer.");

    private static readonly CommandOption<bool> AsymmetricWeights =
        CommonOptions.Flag("--asymmetric-weights", "Weights on an unsigned grid with a zero point instead of a signed one around zero.");

    private static readonly CommandOption<bool> SymmetricActivations =
        CommonOptions.Flag("--symmetric-activations", "Activations on a signed grid around zero instead of an unsigned one with a zero point.");

    private static readonly CommandOption<bool> PowerOfTwoScales = CommonOptions.Flag("--power-of-two-scales", "Every scale is a power of two.");

    private static readonly CommandOption<RangeEstimator> Range = Estimator(
        "--range", "How ranges are found: the extrema, a percentile of both tails, the least mean squared error, or the least divergence (KL).", "min-max");

    private static readonly CommandOption<RangeEstimator> WeightRange = Estimator("--weight-range", "The same for weights only.", null);

    private static readonly CommandOption<RangeEstimator> ActivationRange = Estimator("--activation-range", "The same for activations only.", null);

    private static readonly CommandOption<BiasPrecision> BiasBits = new(ParseBias)
    {
        Name = "--bias-bits", ValueName = "32|16|float", Help = "Bits of a bias.", DefaultText = "32", Default = BiasPrecision.Int32, Rule = "32, 16 or 'float'",
    };

    private static readonly CommandOption<string> Override = CommonOptions.Text(
        "--override", "NAME=BITS,...", "Other bits for some layers: 'NAME=4', 'NAME=float', 'NAME=W4A8' (weights, output), 'NAME=W4' or 'NAME=A16'; commas between layers.");

    public static ImmutableArray<CommandOption> All { get; } =
    [
        Scheme, WeightBits, ActivationBits, PerChannel, AsymmetricWeights, SymmetricActivations, PowerOfTwoScales, Range, WeightRange, ActivationRange, BiasBits, Override,
    ];

    private static string PresetNames => string.Join(", ", QuantizationScheme.Presets.Select(preset => preset.Name));

    /// <summary>The scheme that the arguments describe.</summary>
    /// <exception cref="CommandUsageException">A preset or override is none.</exception>
    /// <exception cref="QuantNotebooksException">The report can't be read or holds no scheme.</exception>
    public static QuantizationScheme SchemeOf(CommandArguments arguments)
    {
        var scheme = arguments.Get(Scheme) is { } start ? StartOf(Scheme.Name, start) : QuantizationScheme.Int8PerTensor;
        if (arguments.IsGiven(WeightBits)) scheme = scheme with { WeightBits = arguments.Get(WeightBits) };
        if (arguments.IsGiven(ActivationBits)) scheme = scheme with { ActivationBits = arguments.Get(ActivationBits) };
        if (arguments.Get(PerChannel)) scheme = scheme with { WeightGranularity = WeightGranularity.PerChannel };
        if (arguments.Get(AsymmetricWeights)) scheme = scheme with { SymmetricWeights = false };
        if (arguments.Get(SymmetricActivations)) scheme = scheme with { SymmetricActivations = true };
        if (arguments.Get(PowerOfTwoScales)) scheme = scheme with { PowerOfTwoScales = true };
        if (arguments.IsGiven(Range)) scheme = scheme.WithRange(arguments.Get(Range)!);
        if (arguments.IsGiven(WeightRange)) scheme = scheme with { WeightRange = arguments.Get(WeightRange)! };
        if (arguments.IsGiven(ActivationRange)) scheme = scheme with { ActivationRange = arguments.Get(ActivationRange)! };
        if (arguments.IsGiven(BiasBits)) scheme = scheme with { Bias = arguments.Get(BiasBits) };
        foreach (var text in (arguments.Get(Override) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!LayerOverride.TryParse(text, scheme, out var changed))
                throw new CommandUsageException(
                    $"{Override.Name} '{text}' is not NAME=BITS; BITS is 2 to 16 or 'float', or one of them behind 'W' for weights, 'A' for the output or both, as in W4A8.");
            scheme = scheme.WithOverride(changed.Layer, changed.WeightBits, changed.ActivationBits);
        }
        return scheme;
    }

    /// <summary>The preset of that name, or the scheme of a JSON report.</summary>
    /// <exception cref="CommandUsageException">It is neither.</exception>
    /// <exception cref="QuantNotebooksException">The report can't be read or holds no scheme.</exception>
    public static QuantizationScheme StartOf(string option, string name)
    {
        foreach (var preset in QuantizationScheme.Presets)
            if (preset.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) return preset.Scheme;
        if (!File.Exists(name)) throw new CommandUsageException($"{option} '{name}' is neither a preset ({PresetNames}) nor a file.");
        try
        {
            return QuantizationScheme.Parse(File.ReadAllText(name), $"'{name}'");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new QuantNotebooksException($"'{name}' can't be read: {error.Message}", error);
        }
    }

    private static CommandOption<int?> Bits(string name, string help) => new(ParseBits)
    {
        Name = name, ValueName = "2..16|float", Help = help, DefaultText = "8", Default = 8, Rule = "a whole number from 2 to 16 or 'float'",
    };

    private static CommandOption<RangeEstimator> Estimator(string name, string help, string? defaultText) => new(RangeEstimator.TryParse)
    {
        Name = name, ValueName = "min-max|percentile:P|mse|entropy", Help = help, DefaultText = defaultText, Default = RangeEstimator.MinMax,
        Rule = RangeEstimator.Names,
    };

    private static bool ParseBits(string text, out int? value) => QuantizationScheme.TryParseBits(text, out value);

    private static bool ParseBias(string text, out BiasPrecision value)
    {
        value = text switch { "16" => BiasPrecision.Int16, "float" => BiasPrecision.Float, _ => BiasPrecision.Int32 };
        return text is "32" or "16" or "float";
    }
}
