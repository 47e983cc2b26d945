using QuantNotebooks.Images;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Benchmarks;

/// <summary>MobileNet v2 of width 1.0 for 224x224 images (arXiv 1801.04381, table 2) with random weights, and random images for it.</summary>
internal static class MobileNetV2
{
    public static Network Create()
    {
        var graph = new RandomGraph();
        var (tensor, channels) = (graph.Conv("x", 3, 32, 3, 2, 1, "Clip"), 32);
        foreach (var (expansion, width, repeats, stride) in ((int, int, int, int)[])[(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)])
            for (var repeat = 0; repeat < repeats; repeat++)
            {
                tensor = Block(graph, tensor, channels, width, expansion, repeat == 0 ? stride : 1, adds: repeat > 0);
                channels = width;
            }
        tensor = graph.Node("Flatten", [graph.Node("GlobalAveragePool", [graph.Conv(tensor, channels, 1280, 1, 1, 1, "Clip")])]);
        return graph.Load("mobilenet-v2-224-random", graph.Node("Gemm", [tensor, graph.Weights([1280, 1000], 1280), graph.Weights([1000], 100)]));
    }

    /// <summary>The same kind of network with that many blocks alike, of three layers each, on maps of 56x56: so that its cost is in proportion to its layers.</summary>
    public static Network Stack(int blocks)
    {
        var graph = new RandomGraph();
        var tensor = graph.Conv("x", 3, 16, 3, 4, 1, "Clip");
        for (var block = 0; block < blocks; block++) tensor = Block(graph, tensor, 16, 16, 6, 1);
        return graph.Load($"{blocks} blocks", graph.Node("GlobalAveragePool", [tensor]));
    }

    public static ImageSet Images(int count) => RandomGraph.Images(count);

    private static string Block(RandomGraph graph, string input, int channels, int width, int expansion, int stride, bool adds = true)
    {
        var hidden = channels * expansion;
        var inner = expansion == 1 ? input : graph.Conv(input, channels, hidden, 1, 1, 1, "Clip");
        inner = graph.Conv(inner, hidden, hidden, 3, stride, hidden, "Clip");
        inner = graph.Conv(inner, hidden, width, 1, 1, 1);
        return adds ? graph.Node("Add", [input, inner]) : inner;
    }
}
