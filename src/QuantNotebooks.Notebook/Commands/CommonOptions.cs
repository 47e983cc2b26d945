using System.Collections.Immutable;
using System.Globalization;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Notebook.Commands;

/// <summary>The options that several commands share.</summary>
internal static class CommonOptions
{
    /// <summary>What <c>--json</c> takes for standard output.</summary>
    public const string StandardOutput = "-";

    public static CommandSubject Model { get; } = new("MODEL", "An ONNX file (.onnx).");

    public static CommandOption<string> Json { get; } = Text("--json", "FILE|-", "Write the result as JSON too; '-' for standard output, and nothing else there.");

    public static CommandOption<string> Images { get; } =
        Text("--images", "SET", "Images: a folder of image files (sub-folders name classes; labels.csv), an IDX file, or a folder of them.", isRequired: true);

    public static CommandOption<int> Count { get; } = Number("--count", "Only the first N images.", "all");

    public static CommandOption<string> Calibration { get; } =
        Text("--calibration", "SET", "Other images, whose extrema set the activations' ranges; not for a network that carries its own.");

    public static CommandOption<int> CalibrationCount { get; } = Number("--calibration-count", "Only the first N calibration images.", "all");

    public static CommandOption<bool> KeepDeadChannels { get; } =
        Flag("--keep-dead-channels", "Leave channels with a constant output as they are in the file.");

    public static CommandOption<MemoryBudget> Memory { get; } = new(MemoryBudget.TryParse)
    {
        Name = "--memory", ValueName = "SIZE", Help = "Most memory for tensors; what is beyond it goes to a temporary file.",
        DefaultText = "a quarter of the machine's", Rule = "a size of at least 1MiB such as 512MiB or 4GiB",
    };

    public static CommandOption<int?> WeightBits { get; } = Bits("--weight-bits", "Bits of a weight.");

    public static CommandOption<int?> ActivationBits { get; } = Bits("--activation-bits", "Bits of an activation.");

    public static CommandOption<bool> PerChannel { get; } = Flag("--per-channel", "One weight scale for each output channel instead of one a layer.");

    public static CommandOption<BiasPrecision> BiasBits { get; } = new(ParseBias)
    {
        Name = "--bias-bits", ValueName = "32|float", Help = "Bits of a bias.", DefaultText = "32", Default = BiasPrecision.Int32, Rule = "32 or 'float'",
    };

    public static CommandOption<RangeEstimator> Range { get; } = new(RangeEstimator.TryParse)
    {
        Name = "--range", ValueName = "ESTIMATOR", Help = "How ranges are found: the extrema, a percentile of both tails, or the least mean squared error.",
        DefaultText = "min-max", Default = RangeEstimator.MinMax, Rule = "'min-max', 'mse' or 'percentile:P' with P above 50 and at most 100",
    };

    /// <summary>The options that make up a quantization scheme.</summary>
    public static ImmutableArray<CommandOption> Scheme { get; } = [WeightBits, ActivationBits, PerChannel, Range, BiasBits];

    public static QuantizationScheme SchemeOf(CommandArguments arguments) => new()
    {
        WeightBits = arguments.Get(WeightBits),
        ActivationBits = arguments.Get(ActivationBits),
        WeightGranularity = arguments.Get(PerChannel) ? WeightGranularity.PerChannel : WeightGranularity.PerTensor,
        Range = arguments.Get(Range)!,
        Bias = arguments.Get(BiasBits),
    };

    public static CommandOption<string> Text(string name, string valueName, string help, bool isRequired = false) => new(ParseText)
    {
        Name = name, ValueName = valueName, Help = help, IsRequired = isRequired, Rule = "a name",
    };

    public static CommandOption<int> Number(string name, string help, string? defaultText) => new(ParsePositive)
    {
        Name = name, ValueName = "N", Help = help, DefaultText = defaultText, Rule = "a whole number of at least 1",
    };

    public static CommandOption<bool> Flag(string name, string help) => new(ParseFlag)
    {
        Name = name, Help = help, Rule = "given without a value",
    };

    private static CommandOption<int?> Bits(string name, string help) => new(ParseBits)
    {
        Name = name, ValueName = "2..16|float", Help = help, DefaultText = "8", Default = 8, Rule = "a whole number from 2 to 16 or 'float'",
    };

    private static bool ParseText(string text, out string? value)
    {
        value = text;
        return text.Length > 0;
    }

    private static bool ParsePositive(string text, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= 1;

    private static bool ParseFlag(string text, out bool value)
    {
        value = true;
        return text.Length == 0;
    }

    private static bool ParseBits(string text, out int? value)
    {
        value = null;
        if (text == "float") return true;
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bits) || bits is < 2 or > 16) return false;
        value = bits;
        return true;
    }

    private static bool ParseBias(string text, out BiasPrecision value)
    {
        value = text == "float" ? BiasPrecision.Float : BiasPrecision.Int32;
        return text is "32" or "float";
    }
}
