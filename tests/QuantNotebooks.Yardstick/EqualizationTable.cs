using System.Globalization;
using System.Text;
using System.Text.Json;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Networks;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Yardstick;

/// <summary>One measured cell of the table.</summary>
internal sealed record EqualizationRow(
    string Network, string Sha256, string Code, string Metric, int Bits, string Method, int Calibration, int Test, double Float, double Quantized, double Agreement,
    double SqnrDecibels, string? Why);

/// <summary>Keeps every finished row in a file of JSON lines, and writes the Markdown anew after each.</summary>
internal sealed class EqualizationTable
{
    private readonly EqualizationSettings _settings;
    private readonly List<EqualizationRow> _rows = [];

    public EqualizationTable(EqualizationSettings settings)
    {
        _settings = settings;
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(settings.File))!);
        Directory.CreateDirectory(Path.GetDirectoryName(Rows)!);
        if (File.Exists(Rows)) _rows.AddRange(File.ReadLines(Rows).Select(line => JsonSerializer.Deserialize<EqualizationRow>(line)!).Where(row => row.Code == Code));
    }

    /// <summary>What the rows are measured with: a row of another build of the library is measured again.</summary>
    public static string Code { get; } = typeof(Network).Module.ModuleVersionId.ToString();

    private string Rows => Repository.PathOf("artifacts", Path.GetFileNameWithoutExtension(_settings.File) + ".rows.jsonl");

    public EqualizationRow? Find(Network network, string method, int bits, int test) => _rows.Find(row =>
        row.Code == Code && row.Sha256 == network.Sha256 && row.Method == method && row.Bits == bits && row.Calibration == _settings.Calibration && row.Test == test);

    public EqualizationRow Add(EqualizationRow row)
    {
        _rows.Add(row);
        File.AppendAllText(Rows, JsonSerializer.Serialize(row) + "\n");
        File.WriteAllText(_settings.File, Markdown());
        Console.WriteLine(FormattableString.Invariant($"{row.Network} {row.Bits} bits {row.Method}: {row.Quantized:P2} {row.Why}"));
        return row;
    }

    private string Markdown()
    {
        var text = new StringBuilder();
        Line("# Equalization, method by method");
        Line("");
        Line(FormattableString.Invariant($"Written {DateTime.UtcNow:yyyy-MM-dd} by `dotnet run -c Release --project tests/QuantNotebooks.Yardstick -- equalization`. Weights and activations have the same"));
        Line("number of bits, one scale a tensor, ranges by the extrema of the calibration images, int32 biases; the network's input and its output keep at least 8 bits.");
        Line("Dead channels are kept, clips are kept exactly (a bound for each channel). No step is random, so there is no seed; images are the first of each set. In");
        Line("brackets: the 95 % interval of Wilson, the images taken as independent. No bias was corrected here: see the tables of corrections for both together.");
        foreach (var network in _rows.GroupBy(row => (row.Network, row.Metric, row.Test, row.Calibration, row.Float)))
        {
            Line("");
            Line($"## {network.Key.Network}");
            Line("");
            var what = network.Key.Metric == nameof(AccuracyMetric.Lines) ? "test lines read right" : "test images, top-1";
            Line(FormattableString.Invariant($"Share of {network.Key.Test:N0} {what}; {network.Key.Calibration} calibration images. Full precision: {100 * network.Key.Float:F2} %."));
            Line("");
            string[] methods = EqualizationStudy.Methods;
            Line("| bits | " + string.Join(" | ", methods) + " |");
            Line("|---:|" + string.Concat(methods.Select(_ => "---|")));
            foreach (var bits in network.GroupBy(row => row.Bits).OrderByDescending(group => group.Key))
                Line(string.Create(CultureInfo.InvariantCulture, $"| {bits.Key} | {string.Join(" | ", methods.Select(method => Cell(bits.FirstOrDefault(row => row.Method == method))))} |"));
            var worse = network.Where(row => row.Why is not null).ToArray();
            if (worse.Length > 0) Line("");
            foreach (var row in worse)
            {
                var none = network.First(other => other.Bits == row.Bits && other.Method == EqualizationStudy.None);
                var chance = WilsonInterval.Of(row.Quantized, row.Test).High > WilsonInterval.Of(none.Quantized, none.Test).Low ? " (the intervals overlap)" : "";
                Line(string.Create(CultureInfo.InvariantCulture, $"- Worse than none: {row.Method} at {row.Bits} bits{chance}; {char.ToLowerInvariant(row.Why![0])}{row.Why[1..]}."));
            }
        }
        return text.ToString();

        void Line(string line) => text.Append(line).Append('\n');
    }

    private static string Cell(EqualizationRow? row)
    {
        if (row is null) return "";
        var interval = WilsonInterval.Of(row.Quantized, row.Test);
        return string.Create(CultureInfo.InvariantCulture, $"{100 * row.Quantized:F2} % [{100 * interval.Low:F1}, {100 * interval.High:F1}]");
    }
}
