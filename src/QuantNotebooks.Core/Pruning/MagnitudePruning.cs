using System.Collections.Immutable;
using System.Globalization;
using QuantNotebooks.Equalization;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Pruning;

/// <summary>Sets the weights of smallest magnitude to zero.</summary>
public static class MagnitudePruning
{
    /// <summary>
    /// Factors that only rank weights blow up no bias, so they need no tight bound; with one, networks that differ in nothing but scale would be pruned apart.
    /// </summary>
    private const double MaxFactor = 1e6;

    /// <summary>
    /// Sets the given share of weights to zero, those of the smallest score first, and of equal scores those that come first. The score is the weight's
    /// magnitude in a factorization of the network; what is pruned are the network's own weights. Biases stay, and nothing is trained.
    /// </summary>
    /// <param name="network">The network.</param>
    /// <param name="sparsity">Share of weights that are to be zero, from 0 to below 1.</param>
    /// <param name="options">How the weights are chosen; null for the defaults.</param>
    /// <param name="cancellation">Stops between batches of calibration.</param>
    /// <exception cref="QuantNotebooksException">The sparsity is no such share, or the factorization needs images and there are none.</exception>
    public static PruningResult Prune(this Network network, double sparsity, PruningOptions? options = null, CancellationToken cancellation = default)
    {
        cancellation = cancellation.OrAmbient();
        ArgumentNullException.ThrowIfNull(network);
        RequireShare(sparsity);
        options ??= PruningOptions.Default;
        var scored = Scored(network, options, cancellation);
        var (layers, make) = Prune(network, scored, new WeightRanking(scored, options.Scope, cancellation), sparsity, options, cancellation);
        return new PruningResult(make(), options, layers);
    }

    internal static void RequireShare(double sparsity)
    {
        if (!(sparsity is >= 0 and < 1)) throw new QuantNotebooksException(FormattableString.Invariant($"The sparsity must be a share from 0 to below 1, not {sparsity}."));
    }

    /// <summary>The network whose weights' magnitudes are the scores.</summary>
    internal static Network Scored(Network network, PruningOptions options, CancellationToken cancellation) => options.Factorization is { } method
        ? network.Equalize(method, options.Calibration, new EqualizationOptions { MaxFactor = MaxFactor }, cancellation: cancellation).Network
        : network;

    /// <summary>What is pruned in each layer, and what makes the network.</summary>
    internal static (ImmutableArray<PrunedLayer> Layers, Func<Network> Make) Prune(
        Network network, Network scored, WeightRanking ranking, double sparsity, PruningOptions options, CancellationToken cancellation)
    {
        var cuts = ranking.Cut(sparsity, cancellation);
        var layers = ImmutableArray.CreateBuilder<PrunedLayer>(network.Layers.Length);
        foreach (var layer in network.Layers)
        {
            cancellation.ThrowIfCancellationRequested();
            layers.Add(new PrunedLayer(layer.Name, layer.Weights.Length, layer.Weights.Count(0f), cuts[layer.Index].Zeros(layer.Weights, scored.Layers[layer.Index].Weights)));
        }
        return (layers.MoveToImmutable(), Make);

        Network Make()
        {
            var how = options.Factorization is { } method ? method.Text() : "none";
            var entry = new HistoryEntry(
                "prune", string.Create(CultureInfo.InvariantCulture, $"sparsity {sparsity}, factorization {how}, scope {options.Scope.ToString().ToLowerInvariant()}"),
                options.Calibration?.Sha256, network.Sha256, ToolVersion.Text);
            var facts = network.Facts with { Name = network.Name + "-pruned", Parent = network, Ranges = null, History = network.History.Add(entry) };
            return network.With(
                network.Layers.Select(layer => new LayerChange(layer, cuts[layer.Index].Apply(layer.Weights, scored.Layers[layer.Index].Weights), null)), facts);
        }
    }
}
