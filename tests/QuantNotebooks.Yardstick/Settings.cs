using QuantNotebooks.Tests;

namespace QuantNotebooks.Yardstick;

/// <summary>What to compare, on how many images, and where the table goes.</summary>
/// <param name="File">The Markdown file.</param>
/// <param name="Networks">Names of networks in data/models.</param>
/// <param name="Bits">Bits of weights and activations.</param>
/// <param name="KeepDeadChannels">Whether dead channels stay as they are in the file.</param>
/// <param name="Calibration">Images for the corrections that don't train.</param>
/// <param name="Training">Images for those that do.</param>
/// <param name="Test">Test images.</param>
/// <param name="Epochs">Most passes of bias fine-tuning.</param>
/// <param name="AwareEpochs">Most passes of quantization-aware training.</param>
internal sealed record Settings(
    string File, string[] Networks, int[] Bits, bool KeepDeadChannels, int Calibration, int Training, int Test, int Epochs, int AwareEpochs)
{
    public static Settings Parse(string[] words)
    {
        var settings = new Settings(
            Repository.PathOf("artifacts", "yardstick.md"), ["mobilenet-v1-fashion", "mobilenet-v2-fashion", "resnet14-fashion"], [8, 6, 5, 4], false, 256, 1000, 10_000, 30, 60);
        for (var index = 0; index < words.Length; index++)
        {
            var word = words[index];
            if (word == "--keep-dead-channels") settings = settings with { KeepDeadChannels = true };
            else if (!word.StartsWith("--", StringComparison.Ordinal)) settings = settings with { File = word };
            else settings = settings.With(word, index + 1 < words.Length ? words[++index] : "");
        }
        return settings;
    }

    public static int Number(string option, string text) => int.TryParse(text, out var number) && number > 0
        ? number
        : throw new QuantNotebooksException($"{option} must be a whole number of at least 1, not '{text}'.");

    private Settings With(string option, string value)
    {
        return option switch
        {
            "--networks" => this with { Networks = value.Split(',') },
            "--bits" => this with { Bits = [.. value.Split(',').Select(text => Number(option, text))] },
            "--calibration" => this with { Calibration = Number(option, value) },
            "--training" => this with { Training = Number(option, value) },
            "--test" => this with { Test = Number(option, value) },
            "--epochs" => this with { Epochs = Number(option, value) },
            "--aware-epochs" => this with { AwareEpochs = Number(option, value) },
            _ => throw new QuantNotebooksException($"There is no option {option}: --networks A,B --bits 8,4 --keep-dead-channels --calibration N --training N --test N --epochs N --aware-epochs N."),
        };
    }
}
