using System.Collections.Immutable;
using System.Globalization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Notebook.Commands;

/// <summary>The options that several commands share.</summary>
internal static class CommonOptions
{
    /// <summary>What <c>--json</c> takes for standard output.</summary>
    public const string StandardOutput = "-";

    public static CommandSubject Model { get; } = new("MODEL", "An ONNX file (.onnx).");

    public static CommandOption<string> Json { get; } = Text("--json", "FILE|-", "Write the result as JSON too; '-' for standard output, and nothing else there.");

    public static CommandOption<string> Html { get; } =
        Text("--html", "FILE", "Write the result as one HTML page too, with sortable tables and interactive charts; it needs no network.");

    public static CommandOption<string> Images { get; } =
        Text("--images", "SET", "Images: a folder of image files (sub-folders name classes; labels.csv), an IDX file or a folder of them, or float32 tensors (.npy, .npz).", isRequired: true);

    public static CommandOption<int> Count { get; } = Number("--count", "Only the first N images.", "all");

    public static CommandOption<bool> SkipBroken { get; } =
        Flag("--skip-broken", "Leave out images that can't be decoded, and say which; without it the first one stops the run.");

    public static CommandOption<string> Calibration { get; } =
        Text("--calibration", "SET", "Other images, whose extrema set the activations' ranges; not for a network that carries its own.");

    public static CommandOption<int> CalibrationCount { get; } = Number("--calibration-count", "Only the first N calibration images.", "all");

    public static CommandOption<int> HeldOut { get; } =
        Number("--held-out", "Measure also on the N images after the first --count ones, which nothing is calibrated or corrected on.", null);

    public static CommandOption<bool> KeepDeadChannels { get; } =
        Flag("--keep-dead-channels", "Leave channels with a constant output as they are in the file.");

    public static CommandOption<MemoryBudget> Memory { get; } = new(MemoryBudget.TryParse)
    {
        Name = "--memory", ValueName = "SIZE", Help = "Most memory for tensors; what is beyond it goes to a temporary file.",
        DefaultText = "a quarter of the machine's", Rule = "a size of at least 1MiB such as 512MiB or 4GiB",
    };

    /// <summary>The options that make up a quantization scheme.</summary>
    public static ImmutableArray<CommandOption> Scheme => SchemeOptions.All;

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
}
