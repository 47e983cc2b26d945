using System.Collections.Immutable;
using System.Globalization;
using System.Numerics.Tensors;
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
        return Prune(network, ScoresOf(network, options, cancellation), sparsity, options);
    }

    internal static void RequireShare(double sparsity)
    {
        if (!(sparsity is >= 0 and < 1)) throw new QuantNotebooksException(FormattableString.Invariant($"The sparsity must be a share from 0 to below 1, not {sparsity}."));
    }

    /// <summary>The score of every weight.</summary>
    internal static WeightScores ScoresOf(Network network, PruningOptions options, CancellationToken cancellation)
    {
        var factorized = options.Factorization is { } method
            ? network.Equalize(method, options.Calibration, new EqualizationOptions { MaxFactor = MaxFactor }, cancellation: cancellation).Network
            : network;
        float[][] scores = [.. factorized.Layers.Select(layer =>
        {
            var scores = new float[layer.Weights.Length];
            TensorPrimitives.Abs(layer.Weights, scores);
            return scores;
        })];
        float[][] sorted = options.Scope == PruningScope.Layer ? [.. scores.Select(layer => layer.ToArray())] : [[.. scores.SelectMany(layer => layer)]];
        foreach (var list in sorted)
        {
            cancellation.ThrowIfCancellationRequested();
            Array.Sort(list);
        }
        return new WeightScores(scores, sorted);
    }

    internal static PruningResult Prune(Network network, WeightScores scores, double sparsity, PruningOptions options)
    {
        var weights = network.Layers.Select(layer => layer.Weights.ToArray()).ToArray();
        if (options.Scope == PruningScope.Layer)
            for (var layer = 0; layer < weights.Length; layer++) Clear(weights.AsSpan(layer, 1), scores.Layers.AsSpan(layer, 1), scores.Sorted[layer], sparsity);
        else Clear(weights, scores.Layers, scores.Sorted[0], sparsity);
        var how = options.Factorization is { } method ? method.Text() : "none";
        var entry = new HistoryEntry(
            "prune", string.Create(CultureInfo.InvariantCulture, $"sparsity {sparsity}, factorization {how}, scope {options.Scope.ToString().ToLowerInvariant()}"),
            options.Calibration?.Sha256, network.Sha256, ToolVersion.Text);
        var facts = network.Facts with { Name = network.Name + "-pruned", Parent = network, Ranges = null, History = network.History.Add(entry) };
        var pruned = network.With(network.Layers.Select(layer => new LayerChange(layer, weights[layer.Index], null)), facts);
        return new PruningResult(pruned, options, [.. network.Layers.Select(layer =>
            new PrunedLayer(layer.Name, layer.Weights.Length, Zeros(layer.Weights), Zeros(weights[layer.Index])))]);
    }

    private static void Clear(ReadOnlySpan<float[]> weights, ReadOnlySpan<float[]> scores, ReadOnlySpan<float> sorted, double sparsity)
    {
        // A share such as 0.29 of 100 must not lose one to the rounding of the product.
        var count = (int)(sparsity * sorted.Length + 1e-6);
        if (count == 0) return;
        var threshold = sorted[count - 1];
        var equal = count - sorted.IndexOf(threshold);
        for (var layer = 0; layer < weights.Length; layer++)
            for (var index = 0; index < weights[layer].Length; index++)
                if (scores[layer][index] < threshold || scores[layer][index] == threshold && equal-- > 0) weights[layer][index] = 0;
    }

    private static int Zeros(ReadOnlySpan<float> weights) => weights.Count(0f);
}

/// <summary>The scores that weights are chosen by.</summary>
/// <param name="Layers">The score of every weight, one list a layer.</param>
/// <param name="Sorted">All that share a threshold, ascending: one list for the network, or one a layer.</param>
internal sealed record WeightScores(float[][] Layers, float[][] Sorted);
