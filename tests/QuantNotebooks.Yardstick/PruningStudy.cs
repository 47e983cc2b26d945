using System.Globalization;
using System.Text;
using QuantNotebooks.Equalization;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Pruning;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Yardstick;

/// <summary>Accuracy against sparsity, by the magnitude of the weights as they are and in every factorization.</summary>
internal static class PruningStudy
{
    private const int Calibration = 64;
    private const int Test = 1000;
    private static readonly double[] Sparsities = [0.2, 0.3, 0.4, 0.5, 0.6];
    private static readonly string[] Networks = ["mobilenet-v1-fashion", "mobilenet-v2-fashion", "resnet14-fashion", "ppocr-text-direction"];

    public static void Run(ReadOnlySpan<string> words)
    {
        if (words.Length > 1) throw new QuantNotebooksException($"pruning takes one file at most: pruning [FILE.md], not '{words[1]}'.");
        var file = words is [var name] ? name : Repository.PathOf("tests", "QuantNotebooks.Yardstick", "results", "pruning.md");
        var text = new StringBuilder();
        Head(text);
        foreach (var network in Networks) Table(text, network);
        File.WriteAllText(file + ".tmp", text.ToString());
        File.Move(file + ".tmp", file, overwrite: true);
    }

    private static void Head(StringBuilder text) => text.Append(CultureInfo.InvariantCulture, $"""
        # Pruning by magnitude, with and without factorization

        Written {DateTime.UtcNow:yyyy-MM-dd} by `dotnet run -c Release --project tests/QuantNotebooks.Yardstick -- pruning`. The given share of weights is set to zero, those of the
        smallest magnitude first: of the weights as they are (plain), or as they would be in a factorization of the same function. In scope layer each layer loses the same share; in scope
        network all weights compete. Nothing is quantized and nothing is trained afterwards. Dead channels are dropped when a network is loaded; methods that look at activations see {Calibration} images. Shares
        are of the first {Test:N0} test images (all where there are fewer), answered right; a share of 50 % is known to about 3 points (Wilson, 95 %).

        A factorization has next to no bound on factors here (a million), for it only ranks weights.

        """);

    private static void Table(StringBuilder text, string name)
    {
        var network = Network.Load(Repository.PathOf("data", "models", name + ".onnx"));
        var data = Repository.PathOf("data", name == "ppocr-text-direction" ? "text-direction" : "fashion-mnist");
        var (calibration, test) = (ImageSet.Load(Path.Combine(data, "calibration")).Take(Calibration), ImageSet.Load(Path.Combine(data, "test")));
        if (test.Count > Test) test = test.Take(Test);
        text.Append(CultureInfo.InvariantCulture, $"\n## {name}\n\nFull precision: {Percent(network.Evaluate(test).FloatAccuracy!.Value)} of {test.Count:N0} test images.\n\n");
        text.Append(CultureInfo.InvariantCulture, $"| scope | magnitude in | {string.Join(" | ", Sparsities.Select(share => Percent(share, "F0")))} |\n|---|---|{string.Concat(Sparsities.Select(_ => "---:|"))}\n");
        foreach (var scope in Enum.GetValues<PruningScope>())
            foreach (var method in Enum.GetValues<EqualizationMethod>().Cast<EqualizationMethod?>().Prepend(null))
            {
                var options = new PruningOptions { Factorization = method, Scope = scope, Calibration = calibration };
                var cells = Sparsities.Select(share => Percent(network.Prune(share, options).Network.Evaluate(test).FloatAccuracy!.Value)).ToArray();
                var line = $"| {scope.ToString().ToLowerInvariant()} | {method?.Text() ?? "plain"} | {string.Join(" | ", cells)} |";
                text.Append(line).Append('\n');
                Console.WriteLine($"{name} {line}");
            }
    }

    private static string Percent(double share, string format = "F1") => string.Create(CultureInfo.InvariantCulture, $"{(100 * share).ToString(format, CultureInfo.InvariantCulture)} %");
}
