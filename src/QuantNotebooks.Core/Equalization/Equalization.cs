using System.Collections.Immutable;
using System.Globalization;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Equalization;

/// <summary>Equalization: the same function with channels of more equal ranges (inversely proportional factorization, paper B, arXiv 1902.01917).</summary>
public static class Equalization
{
    /// <summary>
    /// Multiplies the channels of tensors inside the network by factors that the next layers divide by, so that channels share a grid better. The
    /// function stays as it is: a Clip's bounds are scaled for each channel, and what can't be scaled is left alone and reported with the reason.
    /// </summary>
    /// <param name="network">The network. Calibrated ranges that it carries are dropped: those of the scaled tensors are others.</param>
    /// <param name="method">How the factors are chosen.</param>
    /// <param name="images">Images without labels: their extrema serve the methods that need them, and outputs are compared on them.</param>
    /// <param name="options">Bounds; null for the defaults.</param>
    /// <param name="progress">Told which images are under way.</param>
    /// <param name="cancellation">Stops within a batch; see <see cref="EqualizationOptions.KeepDone"/> for factors that are found.</param>
    /// <exception cref="QuantNotebooksException">The method needs images and there are none, or the images don't fit the network.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static EqualizationResult Equalize(
        this Network network, EqualizationMethod method, ImageSet? images = null, EqualizationOptions? options = null,
        IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default)
    {
        cancellation = cancellation.OrAmbient();
        ArgumentNullException.ThrowIfNull(network);
        options ??= EqualizationOptions.Default;
        foreach (var name in options.LayerMethods.Keys) network.Layer(name);
        if (!options.LayerMethods.IsEmpty && (method == EqualizationMethod.Canonical || options.LayerMethods.ContainsValue(EqualizationMethod.Canonical)))
            throw new QuantNotebooksException("The canonical factorization is of a whole network: no layer can have a method of its own beside it.");
        if (images is null && options.LayerMethods.Values.Append(method).Any(used => used?.NeedsImages() == true))
            throw new QuantNotebooksException("One-step and two-step equalization look at the ranges of activations, so they need images: give some, 64 are enough.");
        network.BeginSha256(); // which the history needs
        var trace = FactorTrace.Of(network);
        var problem = new FactorProblem(trace);
        var refused = EqualizationReport.Refused(trace);
        if (problem.Blocks.IsEmpty)
            return new EqualizationResult(network, method, options, images, [], refused, EqualizationCertificate.Unchanged(images));

        // Outputs can be the same bit for bit with powers of two alone, and only node by node; otherwise ONNX Runtime may fuse nodes, which halves the time.
        var settings = options.PowerOfTwo ? FunctionComparison.NodeByNode : default;
        var pass = images is null ? null : ActivationExtrema.Measure(trace, images, settings, progress, cancellation);
        var depths = options.PreActivations && images is not null ? PreActivationExtrema.Measure(network.FloatReference, images, progress, cancellation) : null;
        cancellation.ThrowIfCancellationRequested();
        var (factors, convergence) = Solve(problem, method, pass?.Tensors, depths, options, cancellation);
        var equalized = Apply(network, trace, problem, factors, HistoryOf(network, method, images, options));
        var certificate = EqualizationCertificate.Compare(network, equalized, images, cancellation, pass?.Outputs, options.KeepDone, progress);
        var result = new EqualizationResult(equalized, method, options, images, EqualizationReport.Groups(problem, factors, equalized, pass?.Tensors), refused, certificate)
        {
            Convergence = convergence,
        };
        return options.KeepDone ? result.Proven(cancellation) : result;
    }

    private static (double[] Factors, ImmutableArray<double> Convergence) Solve(
        FactorProblem problem, EqualizationMethod method, IReadOnlyList<ChannelExtrema>? extrema, float[][]? depths, EqualizationOptions options, CancellationToken cancellation)
    {
        var factors = new double[problem.Count];
        Array.Fill(factors, 1);
        var methods = problem.Blocks.Select(block => MethodOf(problem, block, method, options)).ToArray();
        FillRanges(EqualizationMethod.OneStep, EqualizationMethod.TwoStep);
        ImmutableArray<FactorBlock> balanced =
            [.. problem.Blocks.Where((_, index) => methods[index] is EqualizationMethod.CrossLayer or EqualizationMethod.CrossLayerTwoStep)];
        var crossLayer = new CrossLayer(problem, balanced, factors, options.MaxFactor, cancellation);
        if (method == EqualizationMethod.Canonical) CanonicalFactors.Solve(problem, factors);
        else crossLayer.SolveJointly();
        FillRanges(EqualizationMethod.CrossLayerTwoStep);
        if (options.PowerOfTwo)
            foreach (ref var factor in factors.AsSpan()) factor = Math.ScaleB(1, (int)Math.Round(Math.Log2(factor)));
        return (factors, [.. crossLayer.Moves]);

        void FillRanges(params ReadOnlySpan<EqualizationMethod?> those)
        {
            if (!methods.AsSpan().ContainsAny(those)) return;
            var solver = new InverselyProportional(problem, extrema!, options, factors, depths);
            for (var index = 0; index < methods.Length; index++)
                if (those.Contains(methods[index])) solver.Solve(problem.Blocks[index], twoStep: methods[index] != EqualizationMethod.OneStep);
        }
    }

    private static EqualizationMethod? MethodOf(FactorProblem problem, FactorBlock block, EqualizationMethod method, EqualizationOptions options)
    {
        foreach (var producer in block.Producers)
            if (options.LayerMethods.TryGetValue(problem.Layers[producer].Layer.Name, out var own)) return own;
        return method;
    }

    private static Network Apply(Network network, FactorTrace trace, FactorProblem problem, double[] factors, HistoryEntry entry)
    {
        var application = new FactorApplication(trace, factorClass => FactorProblem.FactorOf(factors, problem.IndexOf(factorClass)));
        var graph = application.Apply();
        var channelFactors = trace.Layers.ToDictionary(layer => layer.Layer.WeightName, application.OutputFactors);
        var facts = network.Facts with
        {
            Name = network.Name + "-equalized",
            Parent = network,
            History = network.History.Add(entry),
            Ranges = null,
            ReferenceBiases = ScaledReferences(network, channelFactors),
            ChannelFactors = Combined(network, channelFactors),
        };
        return network.With(graph, layer => layer.Notes.Scaled(channelFactors[layer.WeightName]), facts);
    }

    private static ImmutableSortedDictionary<string, ImmutableArray<float>?> ScaledReferences(Network network, Dictionary<string, double[]> factors)
    {
        var references = network.Facts.ReferenceBiases;
        foreach (var layer in network.Layers)
            if (references.GetValueOrDefault(layer.Name) is { } bias)
                references = references.SetItem(layer.Name, [.. FactorApplication.ScaledBias(bias.AsSpan(), factors[layer.WeightName])]);
        return references;
    }

    private static ImmutableSortedDictionary<string, ImmutableArray<double>> Combined(Network network, Dictionary<string, double[]> factors)
    {
        var combined = network.Facts.ChannelFactors;
        foreach (var layer in network.Layers)
        {
            var before = network.ChannelFactors(layer);
            ImmutableArray<double> product = [.. factors[layer.WeightName].Select((factor, channel) => before.IsEmpty ? factor : factor * before[channel])];
            if (product.Any(factor => factor != 1)) combined = combined.SetItem(layer.Name, product);
            else combined = combined.Remove(layer.Name);
        }
        return combined;
    }

    private static HistoryEntry HistoryOf(Network network, EqualizationMethod method, ImageSet? images, EqualizationOptions options)
    {
        var settings = method == EqualizationMethod.Canonical ? "no bound on factors" : string.Create(CultureInfo.InvariantCulture, $"factors up to {options.MaxFactor}");
        if (options.PowerOfTwo) settings += ", powers of two";
        if (options.PreActivations) settings += ", values before activations held in range";
        if (options.ReleasedCode) settings += ", as paper B's released code";
        foreach (var (layer, own) in options.LayerMethods.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            settings += $", {layer}: {(own is { } other ? other.Text() : "left alone")}";
        if (images is not null) settings += string.Create(CultureInfo.InvariantCulture, $"; {images.Count} images of '{images.Name}'");
        return new HistoryEntry($"equalize {method.Text()}", settings, images?.Sha256, network.Sha256, ToolVersion.Text);
    }
}
