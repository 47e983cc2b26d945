using QuantNotebooks.Equalization;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sensitivity;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Yardstick;

/// <summary>Every method of equalization on every network, at every number of bits.</summary>
internal static class EqualizationStudy
{
    /// <summary>The network as it is.</summary>
    public const string None = "none";

    /// <summary>The columns.</summary>
    public static string[] Methods { get; } = [None, "one-step", "two-step", "cross-layer", "cross-layer-two-step"];

    public static void Run(EqualizationSettings settings)
    {
        var table = new EqualizationTable(settings);
        foreach (var name in settings.Networks) Run(name, settings, table);
    }

    private static void Run(string name, EqualizationSettings settings, EqualizationTable table)
    {
        var network = Network.Load(Repository.PathOf("data", "models", name + ".onnx"), new LoadOptions { KeepDeadChannels = true });
        var data = Repository.PathOf("data", name switch { "ppocr-text-direction" => "text-direction", "ppocr-v4-text-recognition" => "text-lines", _ => "fashion-mnist" });
        var calibration = ImageSet.Load(Path.Combine(data, "calibration")).Take(settings.Calibration);
        var test = ImageSet.Load(Path.Combine(data, "test"));
        if (test.Count > settings.Test) test = test.Take(settings.Test);
        var equalized = new Dictionary<string, EqualizationResult>();
        foreach (var bits in settings.Bits)
        {
            var scheme = QuantizationScheme.Int8PerTensor.WithBits(bits);
            double? naive = null;
            foreach (var method in Methods)
            {
                var row = table.Find(network, method, bits, test.Count) ?? table.Add(Measure(method));
                naive ??= row.Quantized;

                EqualizationRow Measure(string method)
                {
                    var subject = method == None ? network : Equalized(method).Network;
                    var result = subject.Evaluate(test, scheme, calibration);
                    var row = new EqualizationRow(
                        network.Name, network.Sha256, EqualizationTable.Code, result.Metric.ToString(), bits, method, calibration.Count, test.Count, result.FloatAccuracy!.Value,
                        result.QuantizedAccuracy!.Value, result.Agreement!.Value, result.SqnrDecibels!.Value, null);
                    return method != None && row.Quantized < naive
                        ? row with { Why = EqualizationEffect.Measure(Equalized(method), calibration, scheme).Finding }
                        : row;
                }
            }
        }

        EqualizationResult Equalized(string method) =>
            equalized.TryGetValue(method, out var made) ? made : equalized[method] = network.Equalize(EqualizationMethods.Parse(method), calibration);
    }
}
