using System.Globalization;
using System.Text;
using QuantNotebooks.Correction;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Benchmarks;

/// <summary>Where the time of a measurement and of an iterative correction goes, part by part, as multiples of bare ONNX Runtime.</summary>
internal static class ProfileTable
{
    private const int Rounds = 5;
    private const int Few = 2;

    private static readonly QuantizationScheme Scheme = QuantizationScheme.Int8PerTensor;

    /// <param name="names">Which networks; all where none is named.</param>
    public static string Measure(params string[] names)
    {
        var (shift, correct) = (new StringBuilder(), new StringBuilder());
        shift.AppendLine("| network | images | bare s | start | ranges | both networks, layer by layer | statistics | shift | bare, layers' outputs fetched |");
        shift.AppendLine("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
        correct.AppendLine("| network | start | both networks and ranges, layer by layer | statistics, new biases and their ranges | correct |");
        correct.AppendLine("|---|---:|---:|---:|---:|");
        foreach (var (network, images) in JobTable.Subjects)
            if (names.Length == 0 || names.Contains(network.Name)) Add(network, images, shift, correct);
        return $"{shift}\n{correct}";
    }

    private static void Add(Network network, ImageSet images, StringBuilder shift, StringBuilder correct)
    {
        Console.Error.WriteLine(network.Name);
        var (few, ranges) = (images.Take(Few), network.Calibrate(images, Scheme));
        var seconds = Stopwatches.Medians(
            Rounds,
            () => BareRuntime.Float(network, images),
            () => BareRuntime.FakeQuantized(network, images, Scheme, ranges),
            () => BareRuntime.Fetched(network, images),
            () => network.Calibrate(few, Scheme),
            () => network.Calibrate(images, Scheme),
            () => Walk(network, few, ranges, changes: false),
            () => Walk(network, images, ranges, changes: false),
            () => network.MeasureMeanShift(images, Scheme),
            () => Walk(network, few, null, changes: true),
            () => Walk(network, images, null, changes: true),
            () => network.CorrectBias(images, Scheme)).Select(one => one.Processor).ToArray();
        var bare = seconds[0] + seconds[1];
        var (start, calibrated, walked) = (seconds[3] + seconds[5], seconds[4] - seconds[3], seconds[6] - seconds[5]);
        Row(shift, $"{network.Name} | {images.Count} | {bare:F2}", start, calibrated, walked, seconds[7] - start - calibrated - walked, seconds[7], seconds[2]);
        Row(correct, $"{network.Name}", seconds[8], seconds[9] - seconds[8], seconds[10] - seconds[9], seconds[10]);

        void Row(StringBuilder table, FormattableString head, params double[] parts) => table.AppendLine(
            $"| {head.ToString(CultureInfo.InvariantCulture)} | {string.Join(" | ", parts.Select(part => (part / bare).ToString("F2", CultureInfo.InvariantCulture)))} |");
    }

    private static void Walk(Network network, ImageSet images, ActivationRanges? ranges, bool changes)
    {
        using var sweep = new LayerSweep(network, Scheme, images, new Bystander(changes), ranges);
        sweep.Run(null, CancellationToken.None);
    }

    /// <summary>Lets every layer pass by and looks at none.</summary>
    private sealed class Bystander(bool changesLayers) : ILayerVisitor, ILayerObserver
    {
        public bool ChangesLayers => changesLayers;

        public ILayerObserver Begin(Layer layer, ChannelLayout layout) => this;

        public void End(Layer layer, ILayerObserver observer)
        {
        }

        public void Observe(MeasuringPoint point, int first, int count, ReadOnlySpan<float> full, ReadOnlySpan<float> quantized)
        {
        }

        public float[]? BiasToAdd(Layer layer, Action<float[]> tryOut) => null;
    }
}
