using System.Collections.Immutable;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Training.Gradients;

/// <summary>
/// Puts tensors of a graph on their grids, x^ = clamp(round_half_even(x / scale), low, high) scale, with a straight-through gradient: that of the
/// identity where the grid does not clip, and zero where it does. The four steps are one node, an ONNX function of the model's own.
/// </summary>
internal static class FakeQuantization
{
    public const string Domain = "quantnotebooks.training";
    public const string Operator = "FakeQuantize";

    /// <summary>The graph with every one of those tensors on its grid, for all that read it and as the graph's output.</summary>
    public static StaticGraph Insert(StaticGraph plain, IReadOnlyDictionary<string, Quantizer> quantizers)
    {
        var graph = plain.Graph;
        var model = graph.ToModel();
        var shapes = new Dictionary<string, ImmutableArray<long>>();
        model.Graph.Node.Clear();
        var inputs = graph.Inputs.Select(input => input.Name).ToHashSet();
        foreach (var name in quantizers.Keys.Where(inputs.Contains)) model.Graph.Node.Add(OnGrid(name, OnGridName(name), name));
        foreach (var node in graph.Nodes)
        {
            var rewired = node.Clone();
            for (var index = 0; index < rewired.Input.Count; index++)
                if (inputs.Contains(rewired.Input[index]) && quantizers.ContainsKey(rewired.Input[index])) rewired.Input[index] = OnGridName(rewired.Input[index]);
            var onGrids = new List<NodeProto>();
            for (var index = 0; index < rewired.Output.Count; index++)
            {
                if (!quantizers.ContainsKey(rewired.Output[index])) continue;
                onGrids.Add(OnGrid(OffGridName(rewired.Output[index]), rewired.Output[index], rewired.Output[index]));
                rewired.Output[index] = OffGridName(rewired.Output[index]);
            }
            model.Graph.Node.Add(rewired);
            model.Graph.Node.AddRange(onGrids);
        }
        foreach (var (name, quantizer) in quantizers)
        {
            shapes[inputs.Contains(name) ? OnGridName(name) : OffGridName(name)] = plain.Tensor(name).Shape;
            shapes[name + "/scale"] = shapes[name + "/low"] = shapes[name + "/high"] = [];
            model.Graph.Initializer.Add(TensorData.Scalar(name + "/scale", quantizer.Scale));
            model.Graph.Initializer.Add(TensorData.Scalar(name + "/low", quantizer.Lowest - quantizer.ZeroPoint));
            model.Graph.Initializer.Add(TensorData.Scalar(name + "/high", quantizer.Highest - quantizer.ZeroPoint));
        }
        model.Functions.Add(Function(model.OpsetImport.First(import => import.Domain is "" or "ai.onnx").Version));
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = Domain, Version = 1 });
        return plain.With(Graph.From(model, graph.Header.Graph.Name), shapes);
    }

    /// <summary>Whether a node puts a tensor on its grid.</summary>
    public static bool IsOne(NodeProto node) => node.Domain == Domain && node.OpType == Operator;

    /// <summary>The straight-through gradient: a value passes where it lies no further than half a step beyond the grid's ends.</summary>
    public static void Gradient(GradientStep step) => step.Give(0, () =>
        PassBand.BehindNoClip(step.Node, step.Graph) is { } band ? band.Masked(step.Emit, step.Gradient, step.Input(0)) : step.Gradient);

    private static string OnGridName(string tensor) => tensor + "/on-grid";

    private static string OffGridName(string tensor) => tensor + "/off-grid";

    private static NodeProto OnGrid(string from, string to, string grid)
    {
        var node = new NodeProto { Name = to + "/quantize", OpType = Operator, Domain = Domain };
        node.Input.AddRange([from, grid + "/scale", grid + "/low", grid + "/high"]);
        node.Output.Add(to);
        return node;
    }

    private static FunctionProto Function(long operatorSet)
    {
        var function = new FunctionProto { Name = Operator, Domain = Domain };
        function.Input.AddRange(["x", "scale", "low", "high"]);
        function.Output.Add("y");
        function.OpsetImport.Add(new OperatorSetIdProto { Version = operatorSet });
        Step("Div", ["x", "scale"], "steps");
        Step("Round", ["steps"], "rounded");
        Step("Clip", ["rounded", "low", "high"], "clipped");
        Step("Mul", ["clipped", "scale"], "y");
        return function;

        void Step(string operation, string[] inputs, string output)
        {
            var node = new NodeProto { OpType = operation, Name = operation };
            node.Input.AddRange(inputs);
            node.Output.Add(output);
            function.Node.Add(node);
        }
    }
}
