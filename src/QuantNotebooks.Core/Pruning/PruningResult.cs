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
/// <remarks>Of a measurement of many, the network is made anew when it is asked for and was let go of: all at once they would be many times the network before.</remarks>
public sealed record PruningResult
{
    private readonly Func<Network> _network;

    /// <param name="network">The network with weights of zero.</param>
    /// <param name="options">How the weights were chosen.</param>
    /// <param name="layers">One entry a layer, in topological order.</param>
    public PruningResult(Network network, PruningOptions options, ImmutableArray<PrunedLayer> layers)
        : this(() => network, options, layers)
    {
    }

    internal PruningResult(Func<Network> network, PruningOptions options, ImmutableArray<PrunedLayer> layers) => (_network, Options, Layers) = (network, options, layers);

    /// <summary>The network with weights of zero; <see cref="Networks.Network.Parent"/> is the one before.</summary>
    public Network Network => _network();

    /// <summary>How the weights were chosen.</summary>
    public PruningOptions Options { get; init; }

    /// <summary>One entry a layer, in topological order.</summary>
    public ImmutableArray<PrunedLayer> Layers { get; init; }

    /// <summary>Share of all layers' weights that are zero, 0 to 1: what was asked for, or more where more were zero before.</summary>
    public double Sparsity => Layers.IsEmpty ? 0 : Layers.Sum(layer => (double)layer.Zeros) / Layers.Sum(layer => (double)layer.Weights);

    /// <summary>What keeps the network that was made only as long as somebody else does.</summary>
    internal static Func<Network> OnDemand(Func<Network> make)
    {
        var (made, gate) = (new WeakReference<Network?>(null), new Lock());
        return () =>
        {
            lock (gate)
            {
                if (made.TryGetTarget(out var network)) return network;
                made.SetTarget(network = make());
                return network;
            }
        };
    }
}
