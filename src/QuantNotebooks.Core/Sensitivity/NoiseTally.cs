using QuantNotebooks.Evaluation;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Sensitivity;

/// <summary>Gathers the noise at the output image by image.</summary>
internal sealed class NoiseTally(Network network, QuantizationScheme scheme, ImageSet images)
{
    private readonly OutputTally _answers = OutputTally.For(network, images);
    private readonly double[] _signal = new double[images.Count];
    private readonly double[] _noise = new double[images.Count];
    private int _seen;

    /// <summary>Images added so far.</summary>
    public int Seen => _seen;

    /// <param name="count">Images in the batch.</param>
    /// <param name="full">The full-precision output, [count, ...].</param>
    /// <param name="quantized">The other one, of the same shape.</param>
    public void Add(int count, ReadOnlySpan<float> full, ReadOnlySpan<float> quantized)
    {
        _answers.Add(count, full, quantized);
        var width = full.Length / count;
        for (var image = 0; image < count; image++, _seen++)
            for (var index = image * width; index < (image + 1) * width; index++)
            {
                var error = (double)quantized[index] - full[index];
                _signal[_seen] += (double)full[index] * full[index];
                _noise[_seen] += error * error;
            }
    }

    public OutputNoise Result()
    {
        var answers = _answers.Result(scheme, null);
        var (signal, noise) = (_signal.Sum(), _noise.Sum());
        var ratio = signal > 0 ? noise / signal : noise > 0 ? double.PositiveInfinity : double.NaN;
        return new OutputNoise(ratio, StandardErrorOf(ratio, signal), _seen)
        {
            MeanCosine = answers.MeanCosine ?? double.NaN,
            Agreement = answers.Agreement,
            Accuracy = answers.QuantizedAccuracy,
        };
    }

    private double StandardErrorOf(double ratio, double signal)
    {
        if (_seen < 2 || !double.IsFinite(ratio)) return double.NaN;
        var squares = 0.0;
        for (var image = 0; image < _seen; image++) squares += Math.Pow(_noise[image] - ratio * _signal[image], 2);
        return Math.Sqrt(squares / (_seen - 1) / _seen) / (signal / _seen);
    }
}
