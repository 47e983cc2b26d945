using System.Text;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Benchmarks;

/// <summary>The measurement of the mean shift, calibration included, beside bare ONNX Runtime on the same images.</summary>
internal static class SpeedTable
{
    private const int Rounds = 3;

    public static string Of(bool large)
    {
        var table = new StringBuilder();
        table.AppendLine("| network | images | float s | fake-quantized s | measure s | ratio (goal 2.5) | with split s | ratio (goal 4) | ratios on the clock |");
        table.AppendLine("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
        table.AppendLine(Row(Data.Network("mobilenet-v1-fashion"), Data.Images("fashion-mnist", "test").Take(1024)));
        table.AppendLine(Row(Data.Network("mobilenet-v2-fashion"), Data.Images("fashion-mnist", "test").Take(1024)));
        table.AppendLine(Row(Data.Network("ppocr-v4-text-recognition"), Data.Images("text-lines", "test").Take(64)));
        if (large) table.AppendLine(Row(MobileNetV2.Create(), MobileNetV2.Images(64)));
        return table.ToString();
    }

    private static string Row(Network network, ImageSet images)
    {
        var scheme = QuantizationScheme.Int8PerTensor;
        var ranges = network.Calibrate(images, scheme);
        var medians = Stopwatches.Medians(
            Rounds,
            () => BareRuntime.Float(network, images),
            () => BareRuntime.FakeQuantized(network, images, scheme, ranges),
            () => network.MeasureMeanShift(images, scheme),
            () => network.MeasureMeanShift(images, scheme, new() { Split = true }));
        var (full, quantized, measure, split) = (medians[0], medians[1], medians[2], medians[3]);
        var (bare, bareWall) = (full.Processor + quantized.Processor, full.Wall + quantized.Wall);
        return $"| {network.Name} | {images.Count} | {full.Processor:F2} | {quantized.Processor:F2} | {measure.Processor:F2} | {measure.Processor / bare:F2} "
            + $"| {split.Processor:F2} | {split.Processor / bare:F2} | {measure.Wall / bareWall:F2}, {split.Wall / bareWall:F2} |";
    }
}
