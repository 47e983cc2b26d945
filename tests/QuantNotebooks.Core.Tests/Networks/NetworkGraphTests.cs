using QuantNotebooks.Networks;

namespace QuantNotebooks.Core.Tests.Networks;

public sealed class NetworkGraphTests
{
    [Fact]
    public void A_residual_block_is_drawn_by_its_layers_and_its_sum()
    {
        // x -> a (with its ReLU) -> b -> sum with a; the shape that a Reshape takes is no node.
        var graph = NetworkGraph.Of(new GraphBuilder().Input("x", 0, 2, 4).RandomConstant("a.weight", 2, 2, 1).RandomConstant("b.weight", 2, 2, 1).Integers("flat", 0, 8)
            .Node("Conv", ["x", "a.weight"], "a").Node("Relu", ["a"], "r").Node("Conv", ["r", "b.weight"], "b").Node("Add", ["b", "r"], "s").Node("Relu", ["s"], "t")
            .Node("Reshape", ["t", "flat"], "y").Output("y").Load());
        Assert.Equal([("x", "input", 0), ("a", "Conv", 1), ("b", "Conv", 2), ("Add/s", "Add", 3), ("Reshape/y", "Reshape", 4), ("y", "output", 5)], graph.Nodes.Select(node => (node.Name, node.Operator, node.Depth)));
        Assert.Equal([(0, 1, "x"), (1, 2, "r"), (2, 3, "b"), (1, 3, "r"), (3, 4, "t"), (4, 5, "y")], graph.Edges.Select(edge => (edge.From, edge.To, edge.Tensor)));
        Assert.Equal(["a", "b"], graph.Nodes.Where(node => node.Layer is not null).Select(node => node.Layer!.Name));
    }
}
