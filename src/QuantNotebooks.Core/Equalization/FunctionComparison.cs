using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Equalization;

/// <summary>Runs two networks on the same images and compares what they give, value by value.</summary>
internal static class FunctionComparison
{
    public static EqualizationCertificate Run(Network before, Network after, ImageSet images, CancellationToken cancellation)
    {
        var batches = new ImageBatches(before, images);
        using var pool = new TensorPool();
        // Node by node: fused nodes may add up in another order, and which ones ONNX Runtime fuses depends on how a clip is written.
        var settings = new SessionSettings(Threads: 0, Unoptimized: true);
        using var first = OnnxSession.Create(before.ToModel(), before.Name, settings);
        using var second = OnnxSession.Create(after.ToModel(), after.Name, settings);
        var (absolute, relative, bitExact) = (0.0, 0.0, true);
        var scales = new double[first.OutputNames.Count];
        var differences = new double[scales.Length];
        using var reader = batches.Open(pool, cancellation);
        for (var batch = 0; batch < batches.Count; batch++)
        {
            using var input = reader.Next();
            var expected = first.Run([input.Value], cancellation);
            var actual = second.Run([input.Value], cancellation);
            for (var output = 0; output < scales.Length; output++)
            {
                using var one = BatchTensor.Own(expected[output]);
                using var other = BatchTensor.Own(actual[output]);
                if (one.IsFloat) bitExact &= Compare(one.Floats, other.Floats, ref scales[output], ref differences[output]);
            }
        }
        for (var output = 0; output < scales.Length; output++)
        {
            absolute = Math.Max(absolute, differences[output]);
            if (differences[output] > 0) relative = Math.Max(relative, differences[output] / scales[output]);
        }
        return new EqualizationCertificate(images, absolute, relative, bitExact);
    }

    private static bool Compare(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, ref double scale, ref double difference)
    {
        var bitExact = true;
        for (var index = 0; index < expected.Length; index++)
        {
            scale = Math.Max(scale, Math.Abs(expected[index]));
            if (BitConverter.SingleToInt32Bits(expected[index]) == BitConverter.SingleToInt32Bits(actual[index])) continue;
            // Zero has two signs and one value.
            if (expected[index] == actual[index]) continue;
            bitExact = false;
            var distance = Math.Abs((double)expected[index] - actual[index]);
            difference = double.IsNaN(distance) ? double.PositiveInfinity : Math.Max(difference, distance);
        }
        return bitExact;
    }
}
