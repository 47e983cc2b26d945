using QuantNotebooks.Correction;
using QuantNotebooks.Equalization;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Experiments;

/// <summary>One thing that a method of an experiment does to a network, under the name by which plans know it. Immutable.</summary>
public sealed record ExperimentStep
{
    /// <param name="name">One word, for example "iterative".</param>
    /// <param name="run">Makes the network that comes out of it.</param>
    public ExperimentStep(string name, Func<ExperimentInputs, Network> run) => (Name, Run) = (name, run);

    /// <summary>One word, for example "iterative".</summary>
    public string Name { get; }

    internal Func<ExperimentInputs, Network> Run { get; }

    /// <summary>Whether it looks at the scheme. One that does not is run once for all schemes, and must stand before those that do.</summary>
    public bool DependsOnScheme { get; init; } = true;

    /// <summary>Whether it trains: then it sees the training images, and a plan may set epochs and learning rate.</summary>
    public bool Trains { get; init; }

    /// <summary>Whether its outcome depends on a seed.</summary>
    public bool IsRandom { get; init; }

    /// <summary>
    /// The steps of this library: every <see cref="EqualizationMethod"/> by its name, such as "cross-layer"; "iterative" and "analytic" bias correction. A method
    /// without steps is called "naive".
    /// </summary>
    public static IReadOnlyList<ExperimentStep> Known { get; } =
    [
        .. Enum.GetValues<EqualizationMethod>().Select(Equalization),
        new("iterative", inputs => inputs.Network.CorrectBias(inputs.Images, inputs.Scheme, cancellation: inputs.Cancellation).Network),
        new("analytic", inputs => inputs.Network.CorrectBiasAnalytically(inputs.Images, inputs.Scheme, cancellation: inputs.Cancellation).Network),
    ];

    private static ExperimentStep Equalization(EqualizationMethod method) =>
        new(method.Text(), inputs => inputs.Network.Equalize(method, inputs.Images, cancellation: inputs.Cancellation).Network) { DependsOnScheme = false };
}

/// <summary>What a step works on. Immutable.</summary>
/// <param name="Network">The network as the steps before left it.</param>
/// <param name="Images">The calibration images; the training images for a step that trains.</param>
/// <param name="Scheme">How the network is to be quantized.</param>
/// <param name="Method">The method that the step is part of, with its settings.</param>
/// <param name="Seed">Of what is random.</param>
/// <param name="Cancellation">Stops the step.</param>
public sealed record ExperimentInputs(
    Network Network, ImageSet Images, QuantizationScheme Scheme, ExperimentMethod Method, int Seed, CancellationToken Cancellation);
