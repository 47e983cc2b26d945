using Google.Protobuf;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Quantization;
using static QuantNotebooks.Core.Tests.GraphBuilder;

namespace QuantNotebooks.Core.Tests.Networks;

/// <summary>Every node is part of a layer, understood, or reported with a reason; and what is left alone computes what it did.</summary>
public sealed class NodeRolesTests
{
    private static string ReasonOf(Network network, string operation) => network.NotAnalysed.First(node => node.Operator == operation).Reason;

    /// <summary>Normalization, projections, attention, as transformers have it: x [N, 4, 6].</summary>
    [Theory]
    [InlineData("Pow")]
    [InlineData("Mul")]
    public void Attention_and_layer_normalization_are_told_apart_from_layers(string square)
    {
        var builder = new GraphBuilder(opset: 17).Input("x", 0, 4, 6).Constant("two", [], 2f).Constant("epsilon", [], 1e-5f).RandomConstant("gamma", 6).RandomConstant("beta", 6)
            .RandomConstant("wq", 6, 6).RandomConstant("wk", 6, 6).RandomConstant("wv", 6, 6).RandomConstant("bq", 6).Constant("scale", [], 0.4f)
            .Node("ReduceMean", ["x"], "mean", Ints("axes", -1)).Node("Sub", ["x", "mean"], "d")
            .Node(square, square == "Pow" ? ["d", "two"] : ["d", "d"], "s").Node("ReduceMean", ["s"], "variance", Ints("axes", -1)).Node("Add", ["variance", "epsilon"], "v")
            .Node("Sqrt", ["v"], "root").Node("Div", ["d", "root"], "q").Node("Mul", ["q", "gamma"], "g").Node("Add", ["g", "beta"], "n").Node("Relu", ["n"], "r")
            .Node("MatMul", ["r", "wq"], "q0").Node("Add", ["q0", "bq"], "q1").Node("MatMul", ["r", "wk"], "k1").Node("MatMul", ["r", "wv"], "v1")
            .Node("Transpose", ["k1"], "k2", Ints("perm", 0, 2, 1)).Node("MatMul", ["q1", "k2"], "scores").Node("Mul", ["scores", "scale"], "scaled")
            .Node("Softmax", ["scaled"], "shares", Int("axis", -1)).Node("MatMul", ["shares", "v1"], "a").Node("Add", ["a", "x"], "y").Output("y");
        var network = builder.Load();
        Assert.Equal(["q1", "k1", "v1"], network.Layers.Select(layer => layer.Output));
        Assert.Equal(2, network.NotAnalysed.Count(node => node.Operator == "MatMul"));
        Assert.Contains("as attention does", ReasonOf(network, "MatMul"), StringComparison.Ordinal);
        Assert.Contains("attention", ReasonOf(network, "Softmax"), StringComparison.Ordinal);
        Assert.Equal(9, network.NotAnalysed.Count(node => node.Reason.StartsWith("part of a layer normalization", StringComparison.Ordinal)));
        Assert.DoesNotContain("s", QuantizerPlacement.Of(network, QuantizationScheme.Int8PerTensor).Tensors);
        Assert.Equal(network.Graph.Nodes.Length, network.OtherNodes.Length + network.NotAnalysed.Length + network.Layers.Sum(layer => layer.LinearNodes.Length + layer.ActivationNodes.Length));
        AssertSameFunction(builder.Model, network, [2, 4, 6]);
    }

    [Fact]
    public void A_squeeze_excite_gate_is_a_product_that_is_quantized()
    {
        var network = new GraphBuilder().Input("x", 0, 3, 5, 5).RandomConstant("w", 4, 3, 1, 1).RandomConstant("s", 2, 4, 1, 1).RandomConstant("e", 4, 2, 1, 1)
            .Node("Conv", ["x", "w"], "c").Node("Relu", ["c"], "r").Node("GlobalAveragePool", ["r"], "p").Node("Conv", ["p", "s"], "s1").Node("Relu", ["s1"], "s2")
            .Node("Conv", ["s2", "e"], "e1").Node("HardSigmoid", ["e1"], "e2").Node("Mul", ["r", "e2"], "y").Output("y").Load();
        Assert.Empty(network.NotAnalysed);
        Assert.Contains("gates", network.OtherNodes.Single(node => node.Operator == "Mul").Role, StringComparison.Ordinal);
        Assert.Contains("y", QuantizerPlacement.Of(network, QuantizationScheme.Int8PerTensor).Tensors);
    }

    [Fact]
    public void Forms_that_are_no_layers_say_why()
    {
        var network = new GraphBuilder().Input("x", 0, 3, 4).RandomConstant("batch", 3, 4, 2).RandomConstant("vector", 4).RandomConstant("w", 2, 3, 1)
            .Node("MatMul", ["x", "batch"], "a").Node("MatMul", ["x", "vector"], "b")
            .Node("Conv", ["x", "w", "computed"], "c").Node("Identity", ["two"], "computed").Input("two", 2)
            .Node("Conv", ["x", "weights"], "d").Input("weights", 2, 3, 1).Output("a").Output("b").Output("c").Output("d").Load();
        Assert.Empty(network.Layers);
        Assert.Equal(
            [
                "multiplies by a batch of constant matrices, which share no channels", "multiplies by a constant vector: its output has no channels",
                "its bias is computed, not constant", "its weights are computed, not constant",
            ],
            network.NotAnalysed.Select(node => node.Reason));
    }

    [Fact]
    public void A_branch_with_sub_graphs_is_carried_along_with_what_it_captures()
    {
        var then = Branch("Add", ["c", "w2"], "then");
        var otherwise = Branch("Identity", ["c"], "otherwise");
        var builder = new GraphBuilder().Input("x", 0, 1, 4).RandomConstant("w", 2, 1, 1).Constant("w2", [2, 1], 5f, -5f).Constant("zero", [], 0f)
            .Node("Conv", ["x", "w"], "c").Node("ReduceSum", ["x"], "sum", Int("keepdims", 0)).Node("Greater", ["sum", "zero"], "condition")
            .Node("If", ["condition"], "y", SubGraph("then_branch", then), SubGraph("else_branch", otherwise)).Output("y");
        var network = builder.Load();
        Assert.Contains("control flow", Assert.Single(network.NotAnalysed, node => node.Operator == "If").Reason, StringComparison.Ordinal);
        // What the branch captures is an output of the layer: nothing behind it may be folded into it.
        Assert.Equal("c", Assert.Single(network.Layers).Output);
        ModelChecker.Check(network.ToModel());
        foreach (var sign in new[] { 1, -1 })
            Assert.Equal(
                ModelRun.Tensors(builder.Model, [sign, 2 * sign, 3 * sign, 4 * sign], [1, 1, 4])["y"].Values,
                ModelRun.Tensors(network.ToModel(), [sign, 2 * sign, 3 * sign, 4 * sign], [1, 1, 4])["y"].Values);
    }

    [Fact]
    public void Functions_of_the_file_and_other_domains_are_carried_along()
    {
        var builder = new GraphBuilder().Input("x", 0, 1, 4).RandomConstant("w", 2, 1, 1).Node("Conv", ["x", "w"], "c").Node("Twice", ["c"], "t").Node("QuickGelu", ["t"], "y").Output("y");
        builder.Model.Graph.Node[1].Domain = "own.functions";
        builder.Model.Graph.Node[2].Domain = "com.microsoft";
        builder.Model.OpsetImport.Add(new OperatorSetIdProto { Domain = "own.functions", Version = 1 });
        builder.Model.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.microsoft", Version = 1 });
        var function = new FunctionProto { Name = "Twice", Domain = "own.functions" };
        function.Input.Add("a");
        function.Output.Add("b");
        function.OpsetImport.Add(new OperatorSetIdProto { Version = 17 });
        var sum = new NodeProto { OpType = "Add" };
        sum.Input.AddRange(["a", "a"]);
        sum.Output.Add("b");
        function.Node.Add(sum);
        builder.Model.Functions.Add(function);
        var network = builder.Load();
        Assert.Equal(["own.functions", "com.microsoft"], network.NotAnalysed.Select(node => node.Reason.Split('\'')[1]));
        AssertSameFunction(builder.Model, network, [2, 1, 4]);
        ModelChecker.Check(network.ToModel());
    }

    [Fact]
    public void Further_inputs_and_outputs_load_and_are_named_when_images_come()
    {
        using var folder = new TemporaryFolder();
        var model = new GraphBuilder().Input("image", 0, 1, 32, 32).Input("mask", 0, 2, 32, 32).RandomConstant("w", 2, 1, 1, 1)
            .Node("Conv", ["image", "w"], "c").Node("Add", ["c", "mask"], "s").Node("Relu", ["c"], "second").Output("s").Output("second").Model;
        var path = folder.Write("two.onnx", model.ToByteArray());
        folder.Write("two.task.json", File.ReadAllBytes(TestData.PathOf(TestData.ResNet14).Replace(".onnx", ".task.json", StringComparison.Ordinal)));
        File.WriteAllText(Path.ChangeExtension(path, ".task.json"), File.ReadAllText(Path.ChangeExtension(path, ".task.json")).Replace("\"input\",", "\"image\",", StringComparison.Ordinal));
        var network = Network.Load(path);
        Assert.Single(network.Layers);
        var error = Assert.Throws<QuantNotebooksException>(() => new QuantNotebooks.Sweep.ImageBatches(network, TestData.Test));
        Assert.Contains("'mask'", error.Message, StringComparison.Ordinal);
    }

    private static void AssertSameFunction(ModelProto model, Network network, long[] shape)
    {
        var input = new float[shape.Aggregate(1L, (product, length) => product * length)];
        for (var index = 0; index < input.Length; index++) input[index] = MathF.Sin(index * 0.7f) * 2;
        Assert.InRange(ModelRun.RelativeDifference(ModelRun.Tensors(model, input, shape)["y"].Values, ModelRun.Tensors(network.ToModel(), input, shape)["y"].Values), 0, 1e-5);
    }

    private static GraphProto Branch(string operation, string[] inputs, string output)
    {
        var branch = new GraphProto { Name = output };
        var node = new NodeProto { OpType = operation };
        node.Input.AddRange(inputs);
        node.Output.Add(output);
        branch.Node.Add(node);
        branch.Output.Add(new ValueInfoProto
        {
            Name = output, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float } },
        });
        return branch;
    }

    private static AttributeProto SubGraph(string name, GraphProto graph) => new() { Name = name, G = graph, Type = AttributeProto.Types.AttributeType.Graph };
}
