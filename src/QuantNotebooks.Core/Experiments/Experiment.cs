using QuantNotebooks.Quantization;
using static System.FormattableString;

namespace QuantNotebooks.Experiments;

/// <summary>One network, prepared by one method, quantized by one scheme. Immutable.</summary>
/// <param name="Network">The network and its images.</param>
/// <param name="Method">How it is prepared.</param>
/// <param name="Scheme">How it is quantized.</param>
/// <param name="Seed">Of what is random; 0 where nothing is.</param>
public sealed record Experiment(ExperimentNetwork Network, ExperimentMethod Method, QuantizationScheme Scheme, int Seed)
{
    /// <summary>For example "resnet14-fashion, cross-layer + iterative, W4A4 per tensor".</summary>
    public override string ToString() => $"{Network.Name}, {Method.Name}, {Scheme}" + (Method.IsRandom ? Invariant($", seed {Seed}") : "");
}
