using QuantNotebooks.Tests;

namespace QuantNotebooks.Yardstick;

/// <summary>What to compare, on how many images, and where the table goes.</summary>
/// <param name="File">The Markdown file; the finished rows are kept beside it, with the extension .jsonl.</param>
/// <param name="Networks">Names of networks in data/models.</param>
/// <param name="Bits">Bits of weights and activations, in the order in which they run.</param>
/// <param name="Calibration">Images for the corrections that don't train.</param>
/// <param name="Training">Images for those that do.</param>
/// <param name="Test">Test images.</param>
/// <param name="Epochs">Most passes of bias fine-tuning.</param>
/// <param name="AwareEpochs">Most passes of quantization-aware training.</param>
/// <param name="Methods">Names of the methods; empty for all.</param>
/// <param name="Dead">"kept" or "dropped" for networks with their dead channels in that state; null for both.</param>
/// <param name="Search">"biases" or "weights" to compare the learning rates of that training instead, "equalization" to compare its methods, on images that are not test images; else null.</param>
internal sealed record Settings(
    string File, string[] Networks, int[] Bits, int Calibration, int Training, int Test, int Epochs, int AwareEpochs, string[] Methods, string? Dead, string? Search)
{
    public string RowsFile => Path.ChangeExtension(File, ".jsonl");

    public static Settings Parse(string[] words)
    {
        var settings = new Settings(
            Repository.PathOf("tests", "QuantNotebooks.Yardstick", "results", "yardstick.md"), ["mobilenet-v1-fashion", "mobilenet-v2-fashion", "resnet14-fashion"],
            [4, 8, 6, 5], 256, 1000, 3000, 12, 20, [], null, null);
        for (var index = 0; index < words.Length; index++)
        {
            var word = words[index];
            if (!word.StartsWith("--", StringComparison.Ordinal)) settings = settings with { File = word };
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
            "--methods" => this with { Methods = value.Split(',') },
            "--dead" => this with { Dead = value is "kept" or "dropped" ? value : throw new QuantNotebooksException($"--dead must be 'kept' or 'dropped', not '{value}'.") },
            "--search" => this with { Search = value is "biases" or "weights" or "equalization" ? value : throw new QuantNotebooksException($"--search must be 'biases', 'weights' or 'equalization', not '{value}'.") },
            _ => throw new QuantNotebooksException(
                $"There is no option {option}: --networks A,B --bits 8,4 --calibration N --training N --test N --epochs N --aware-epochs N --methods A,B --dead kept|dropped --search biases|weights|equalization."),
        };
    }
}
