using QuantNotebooks.Networks;

namespace QuantNotebooks.Benchmarks;

/// <summary>Residual networks of bottleneck blocks for 224x224 images (arXiv 1512.03385, table 1) with random weights.</summary>
internal static class ResNet
{
    /// <summary>26, 50, 101 or 152 layers.</summary>
    public static Network Create(int layers)
    {
        var blocks = layers switch
        {
            14 => (int[])[1, 1, 1, 1],
            26 => [2, 2, 2, 2],
            50 => [3, 4, 6, 3],
            101 => [3, 4, 23, 3],
            152 => [3, 8, 36, 3],
            _ => throw new ArgumentOutOfRangeException(nameof(layers), layers, "14, 26, 50, 101 or 152."),
        };
        var graph = new RandomGraph();
        var (tensor, channels) = (graph.Node("MaxPool", [graph.Conv("x", 3, 64, 7, 2, 1, "Relu")], RandomGraph.Ints("kernel_shape", 3, 3), RandomGraph.Ints("strides", 2, 2), RandomGraph.Ints("pads", 1, 1, 1, 1)), 64);
        for (var stage = 0; stage < blocks.Length; stage++)
            for (var block = 0; block < blocks[stage]; block++)
            {
                var (width, stride) = (64 << stage, block == 0 && stage > 0 ? 2 : 1);
                var shortcut = block == 0 ? graph.Conv(tensor, channels, 4 * width, 1, stride, 1) : tensor;
                var inner = graph.Conv(graph.Conv(tensor, channels, width, 1, 1, 1, "Relu"), width, width, 3, stride, 1, "Relu");
                tensor = graph.Node("Relu", [graph.Node("Add", [shortcut, graph.Conv(inner, width, 4 * width, 1, 1, 1)])]);
                channels = 4 * width;
            }
        tensor = graph.Node("Flatten", [graph.Node("GlobalAveragePool", [tensor])]);
        return graph.Load($"resnet-{layers}", graph.Node("Gemm", [tensor, graph.Weights([channels, 1000], channels), graph.Weights([1000], 100)]));
    }
}
