using System.Collections.Immutable;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Pruning;

/// <summary>One layer of a pruned network.</summary>
/// <param name="Name">The layer.</param>
/// <param name="Weights">How many weights it has; biases don't count.</param>
/// <param name="ZerosBefore">How many were zero already.</param>
/// <param name="Zeros">How many are zero now.</param>
public sealed record PrunedLayer(string Name, int Weights, int ZerosBefore, int Zeros)
{
    /// <summary>Share of weights that are zero, 0 to 1.</summary>
    public double Sparsity => (double)Zeros / Weights;
}

/// <summary>A pruned network. Immutable.</summary>
/// <param name="Network">The network with weights of zero; <see cref="Networks.Network.Parent"/> is the one before.</param>
/// <param name="Options">How the weights were chosen.</param>
/// <param name="Layers">One entry a layer, in topological order.</param>
public sealed record PruningResult(Network Network, PruningOptions Options, ImmutableArray<PrunedLayer> Layers)
{
    /// <summary>Share of all layers' weights that are zero, 0 to 1: what was asked for, or more where more were zero before.</summary>
    public double Sparsity => Layers.IsEmpty ? 0 : Layers.Sum(layer => (double)layer.Zeros) / Layers.Sum(layer => (double)layer.Weights);
}
