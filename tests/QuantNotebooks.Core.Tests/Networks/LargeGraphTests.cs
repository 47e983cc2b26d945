using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;
using static QuantNotebooks.Core.Tests.GraphBuilder;

namespace QuantNotebooks.Core.Tests.Networks;

/// <summary>The cost of reading a network grows with its nodes, not with their square.</summary>
public sealed class LargeGraphTests
{
    /// <summary>Residual blocks: convolution, batch normalization, ReLU, convolution, sum, ReLU.</summary>
    private static GraphBuilder Residual(int layers)
    {
        var builder = new GraphBuilder().Input("x", 0, 2, 4, 4).RandomConstant("gamma", 2).RandomConstant("beta", 2).RandomConstant("mean", 2).Constant("variance", [2], 1, 2);
        var tensor = "x";
        for (var layer = 0; layer < layers; layer += 2)
        {
            builder.RandomConstant($"w{layer}", 2, 2, 1, 1).RandomConstant($"w{layer + 1}", 2, 2, 1, 1)
                .Node("Conv", [tensor, $"w{layer}"], $"a{layer}").Node("BatchNormalization", [$"a{layer}", "gamma", "beta", "mean", "variance"], $"b{layer}")
                .Node("Relu", [$"b{layer}"], $"r{layer}").Node("Conv", [$"r{layer}", $"w{layer + 1}"], $"c{layer}")
                .Node("Add", [tensor, $"c{layer}"], $"s{layer}").Node("Relu", [$"s{layer}"], $"y{layer}");
            tensor = $"y{layer}";
        }
        return builder.Output(tensor);
    }

    private static double AllocatedMegabytes(int layers)
    {
        var builder = Residual(layers);
        // Without ONNX Runtime's own check, whose cost is not ours.
        var before = GC.GetAllocatedBytesForCurrentThread();
        var graph = QuantNotebooks.Onnx.Graph.From(builder.Model, "large");
        var network = Network.FromGraph(graph, new NetworkFacts("large", "large.onnx"), LoadOptions.Default);
        QuantizerPlacement.Of(network, QuantizationScheme.Int8PerTensor);
        ExecutionPlan.Of(network);
        foreach (var layer in network.Layers) LayerEditor.Apply(network.Graph, [new LayerChange(layer, layer.Weights.ToArray(), null)]);
        Assert.Equal(layers, network.Layers.Length);
        return (GC.GetAllocatedBytesForCurrentThread() - before) / 1e6;
    }

    // Memory, not time: whoever else uses the machine does not change it. A step that copies the graph once a layer would take sixteen times as much.
    [Fact]
    public void Four_times_the_layers_take_about_four_times_the_memory()
    {
        AllocatedMegabytes(200);
        var (small, large) = (AllocatedMegabytes(500), AllocatedMegabytes(2000));
        TestContext.Current.TestOutputHelper?.WriteLine(FormattableString.Invariant($"500 layers {small:F0} MB, 2,000 layers {large:F0} MB"));
        Assert.InRange(large / small, 3, 6);
    }
}
