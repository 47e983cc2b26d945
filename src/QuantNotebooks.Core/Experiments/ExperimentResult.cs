using QuantNotebooks.Evaluation;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Experiments;

/// <summary>What came out of an experiment, as it is kept on disk. Immutable.</summary>
/// <param name="Key">The hash of all that the result depends on, see <see cref="ExperimentKeys"/>.</param>
/// <param name="Network">What the plan calls the network.</param>
/// <param name="Method">What the plan calls the method.</param>
/// <param name="Scheme">How the network was quantized.</param>
/// <param name="Seed">The seed; 0 where nothing is random.</param>
public sealed record ExperimentResult(string Key, string Network, string Method, QuantizationScheme Scheme, int Seed)
{
    /// <summary>Number of test images.</summary>
    public int Images { get; init; }

    /// <summary>What counts as right.</summary>
    public AccuracyMetric Metric { get; init; }

    /// <summary>Share of the test images that the full-precision network answers right, 0 to 1; null where the right answers are not known.</summary>
    public double? FloatAccuracy { get; init; }

    /// <summary>The same for the prepared, quantized network.</summary>
    public double? Accuracy { get; init; }

    /// <summary>Share of images to which both give the same answer; null without a task.</summary>
    public double? Agreement { get; init; }

    /// <summary>Signal to quantization noise ratio of the network's output; null where it has no number.</summary>
    public double? SqnrDecibels { get; init; }

    /// <summary>Seconds on the clock for preparing the network, without what another experiment had done already.</summary>
    public double PrepareSeconds { get; init; }

    /// <summary>Seconds on the clock for the test.</summary>
    public double TestSeconds { get; init; }

    /// <summary>Processor seconds of the whole process meanwhile.</summary>
    public double ProcessorSeconds { get; init; }

    /// <summary>When it was measured, UTC.</summary>
    public DateTime Date { get; init; }

    /// <summary>What measured it.</summary>
    public string Tool { get; init; } = ToolVersion.Text;

    /// <summary>The 95 % interval of <see cref="Accuracy"/>, the images taken as independent; null where there is no accuracy.</summary>
    public WilsonInterval? Interval => Accuracy is { } share ? WilsonInterval.Of(share, Images) : null;
}
