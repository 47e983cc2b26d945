using System.Globalization;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Yardstick;

/// <summary>Writes a row as soon as it is known, to the file and to the screen, so that a run that is cut short leaves what it found.</summary>
internal sealed class MarkdownTable : IDisposable
{
    private readonly StreamWriter _file;
    private double _unit;

    public MarkdownTable(Settings settings)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(settings.File))!);
        _file = new StreamWriter(settings.File, append: File.Exists(settings.File)) { AutoFlush = true };
        if (_file.BaseStream.Position > 0) return;
        Line("# Corrections beside quantization-aware training");
        Line("");
        Line("Written by `dotnet run -c Release --project tests/QuantNotebooks.Yardstick -- FILE.md`. Weights and activations have the same number of bits, one scale a");
        Line("tensor, ranges by the extrema on the images used, int32 biases; the network's input and its scores keep at least 8 bits. Training images are not test");
        Line("images; neither correction nor training sees a label, both training methods learn the full-precision network's output (the row says so where it is labels).");
        Line("top-1: share of the test images, with the 95 % interval of Wilson. seconds: finding the correction, without the test. cost: seconds beside those of the");
        Line("iterative correction of the same network and bits in the same run.");
    }

    public void Begin(Network network, int bits, EvaluationResult full)
    {
        Line("");
        Line($"## {network.Name}, {bits} bits{(network.KeepsDeadChannels ? ", dead channels kept" : "")}");
        Line("");
        Line($"Full precision: {Percent(full.FloatAccuracy!.Value)} of {full.Images.Count:N0} test images.");
        Line("");
        Line("| method | images | seconds | cost | top-1 | 95 % interval |");
        Line("|---|---:|---:|---:|---:|---|");
        _unit = double.NaN;
    }

    public void Add(string method, int images, double seconds, EvaluationResult result)
    {
        if (method == "iterative") _unit = seconds;
        var interval = WilsonInterval.Of(result.QuantizedAccuracy!.Value, result.Images.Count);
        Line(string.Create(CultureInfo.InvariantCulture,
            $"| {method} | {images:N0} | {seconds:F1} | {(double.IsNaN(_unit) ? "" : (seconds / _unit).ToString("F1", CultureInfo.InvariantCulture))} | {Percent(result.QuantizedAccuracy.Value)} | {Percent(interval.Low)} to {Percent(interval.High)} |"));
    }

    public void Dispose() => _file.Dispose();

    private void Line(string text)
    {
        _file.WriteLine(text);
        Console.WriteLine(text);
    }

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:F2} %");
}
