using System.Collections.Immutable;
using QuantNotebooks.Equalization;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Benchmarks.Cost;

/// <summary>What a network has to do for one image, and what it holds in memory, counted from shapes: nothing is run. Immutable.</summary>
/// <param name="Network">The network.</param>
/// <param name="Layers">Every layer.</param>
/// <param name="Values">Values of all tensors that are made for one image.</param>
/// <param name="LiveValues">The most values that are alive at the same time for one image.</param>
/// <param name="BatchSize">Images that go through at once.</param>
internal sealed record NetworkCost(Network Network, ImmutableArray<LayerCost> Layers, long Values, long LiveValues, int BatchSize)
{
    /// <summary>Multiplications for one image.</summary>
    public long Multiplications => Layers.Sum(layer => layer.Multiplications);

    /// <summary>Weights and biases.</summary>
    public long Parameters => Layers.Sum(layer => layer.Layer.ParameterCount);

    /// <summary>Counts a network's work for images of a set.</summary>
    /// <param name="network">The network.</param>
    /// <param name="images">The images; only their shape matters.</param>
    /// <exception cref="QuantNotebooksException">The images don't fit the network, or a shape can't be told without running it.</exception>
    public static NetworkCost Of(Network network, ImageSet images)
    {
        var batches = new ImageBatches(network, images);
        var shapes = TensorShapes.Of(network, batches.InputName, [1, .. batches.Shape]);
        var layers = network.Layers.Select(layer => Count(network, layer, CountOf(layer.Input), CountOf(layer.PreActivation))).ToImmutableArray();
        var plan = ExecutionPlan.Of(network);
        var (alive, most, all) = (CountOf(batches.InputName), 0L, 0L);
        foreach (var step in plan.Steps)
        {
            // A layer's own output stands before and after its activation for a moment.
            var made = step.Outputs.Sum(CountOf);
            (alive, all) = (alive + made, all + made);
            most = Math.Max(most, alive + (step.Layer is null ? 0 : made));
            alive -= step.Releases.Sum(CountOf);
        }
        return new NetworkCost(network, layers, all, most, batches.BatchSize);

        // 0 where a tensor holds no float32 values, or its shape is not known. Shapes are those of computed tensors.
        long CountOf(string tensor) => tensor == batches.InputName
            ? batches.Shape.Aggregate(1L, (product, length) => product * length)
            : shapes[tensor].Any(dimension => !dimension.IsKnown) ? 0 : shapes[tensor].Aggregate(shapes.IsFloat(tensor) ? 1L : 0, (product, dimension) => product * dimension.Size);
    }

    private static LayerCost Count(Network network, Layer layer, long inputs, long outputs)
    {
        if (inputs <= 0 || outputs <= 0)
            throw new QuantNotebooksException($"'{network.Name}': the shapes around layer '{layer.Name}' depend on values, so its cost can't be told without running it.");
        // Each output value is a sum over all weights of its channel; a transposed convolution spreads each input value over all weights that read it.
        var products = layer.Operator == LayerOperator.ConvTranspose
            ? inputs * (layer.Weights.Length / layer.InputChannels)
            : outputs * (layer.Weights.Length / layer.Channels);
        return new LayerCost(layer, products, inputs, outputs);
    }
}
