using QuantNotebooks.Tests;

namespace QuantNotebooks.Yardstick;

/// <summary>What the equalization table compares, on how many images, and where it goes.</summary>
/// <param name="File">The Markdown file; finished rows are kept in artifacts until they are deleted, so that a run that was cut short goes on.</param>
/// <param name="Networks">Names of networks in data/models.</param>
/// <param name="Bits">Bits of weights and activations.</param>
/// <param name="Calibration">Images that set ranges and factors.</param>
/// <param name="Test">Test images, at most.</param>
internal sealed record EqualizationSettings(string File, string[] Networks, int[] Bits, int Calibration, int Test)
{
    public static EqualizationSettings Parse(ReadOnlySpan<string> words)
    {
        var settings = new EqualizationSettings(
            Repository.PathOf("tests", "QuantNotebooks.Yardstick", "results", "equalization.md"),
            ["mobilenet-v1-fashion", "mobilenet-v2-fashion", "resnet14-fashion", "ppocr-text-direction", "ppocr-v4-text-recognition"], [8, 6, 4], 64, 10_000);
        for (var index = 0; index < words.Length; index++)
        {
            var word = words[index];
            if (!word.StartsWith("--", StringComparison.Ordinal)) settings = settings with { File = word };
            else settings = settings.With(word, index + 1 < words.Length ? words[++index] : "");
        }
        return settings;
    }

    private EqualizationSettings With(string option, string value) => option switch
    {
        "--networks" => this with { Networks = value.Split(',') },
        "--bits" => this with { Bits = [.. value.Split(',').Select(text => Settings.Number(option, text))] },
        "--calibration" => this with { Calibration = Settings.Number(option, value) },
        "--test" => this with { Test = Settings.Number(option, value) },
        _ => throw new QuantNotebooksException($"There is no option {option}: equalization [FILE.md] --networks A,B --bits 8,4 --calibration N --test N."),
    };
}
