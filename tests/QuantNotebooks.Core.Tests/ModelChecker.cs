using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Core.Tests;

/// <summary>
/// The structural rules of the ONNX standard (onnx/docs/IR.md) that a written model must keep: those that the reference checker enforces and ONNX
/// Runtime is lenient about, too.
/// </summary>
internal static class ModelChecker
{
    public static void Check(ModelProto model)
    {
        Assert.True(model.IrVersion >= 3, "a model says its version of the format");
        Assert.NotEmpty(model.OpsetImport);
        Assert.Equal(model.OpsetImport.Count, model.OpsetImport.Select(import => import.Domain is "ai.onnx" ? "" : import.Domain).Distinct().Count());
        Assert.All(model.MetadataProps.GroupBy(entry => entry.Key), group => Assert.Single(group));
        Assert.NotEmpty(model.Graph.Name);
        Assert.NotEmpty(model.Graph.Output);
        foreach (var tensor in TensorWalk.Tensors(model)) CheckTensor(tensor);
        foreach (var value in model.Graph.Input.Concat(model.Graph.Output)) Assert.True(value.Name.Length > 0 && value.Type is not null, $"'{value.Name}' lacks a name or a type");
        CheckGraph(model.Graph, [], model);
    }

    private static void CheckGraph(GraphProto graph, HashSet<string> outside, ModelProto model)
    {
        var inputs = graph.Input.Select(input => input.Name).ToList();
        Assert.Equal(inputs.Count, inputs.Distinct().Count());
        var known = new HashSet<string>(outside.Concat(inputs));
        var initializers = graph.Initializer.Select(tensor => tensor.Name).ToList();
        Assert.Equal(initializers.Count, initializers.Distinct().Count());
        Assert.DoesNotContain("", initializers);
        if (model.IrVersion < 4) Assert.Empty(initializers.Except(inputs));
        known.UnionWith(initializers);
        var made = new HashSet<string>();
        foreach (var node in graph.Node)
        {
            Assert.NotEmpty(node.OpType);
            var domain = node.Domain is "ai.onnx" ? "" : node.Domain;
            Assert.True(model.OpsetImport.Any(import => (import.Domain is "ai.onnx" ? "" : import.Domain) == domain), $"the operator set of {node.Domain}:{node.OpType} is not imported");
            foreach (var input in node.Input) Assert.True(input.Length == 0 || known.Contains(input), $"'{input}' is read by '{node.Name}' before it is made");
            Assert.Equal(node.Attribute.Count, node.Attribute.Select(attribute => attribute.Name).Distinct().Count());
            foreach (var attribute in node.Attribute)
            {
                CheckAttribute(attribute, node);
                foreach (var inner in attribute.Graphs.Concat(attribute.G is null ? [] : [attribute.G])) CheckGraph(inner, known, model);
            }
            foreach (var output in node.Output.Where(output => output.Length > 0))
            {
                Assert.True(made.Add(output) && !initializers.Contains(output) && !inputs.Contains(output), $"'{output}' is made twice");
                known.Add(output);
            }
        }
        foreach (var output in graph.Output) Assert.True(known.Contains(output.Name), $"output '{output.Name}' is not made");
        Assert.All(graph.ValueInfo, value => Assert.Contains(value.Name, known));
    }

    /// <summary>The field that is set is the one that the type names.</summary>
    private static void CheckAttribute(AttributeProto attribute, NodeProto node)
    {
        Assert.NotEmpty(attribute.Name);
        var set = new Dictionary<AttributeProto.Types.AttributeType, bool>
        {
            [AttributeProto.Types.AttributeType.Float] = attribute.F != 0,
            [AttributeProto.Types.AttributeType.Int] = attribute.I != 0,
            [AttributeProto.Types.AttributeType.String] = attribute.S.Length > 0,
            [AttributeProto.Types.AttributeType.Tensor] = attribute.T is not null,
            [AttributeProto.Types.AttributeType.Graph] = attribute.G is not null,
            [AttributeProto.Types.AttributeType.Floats] = attribute.Floats.Count > 0,
            [AttributeProto.Types.AttributeType.Ints] = attribute.Ints.Count > 0,
            [AttributeProto.Types.AttributeType.Strings] = attribute.Strings.Count > 0,
        };
        Assert.True(attribute.Type != AttributeProto.Types.AttributeType.Undefined, $"attribute '{attribute.Name}' of '{node.Name}' has no type");
        foreach (var (type, isSet) in set) Assert.False(isSet && attribute.Type != type, $"attribute '{attribute.Name}' of '{node.Name}' holds {type} and says {attribute.Type}");
    }

    private static void CheckTensor(TensorProto tensor)
    {
        Assert.NotEqual(0, tensor.DataType);
        Assert.Equal(TensorProto.Types.DataLocation.Default, tensor.DataLocation);
        int[] fields = [tensor.RawData.Length, tensor.FloatData.Count, tensor.Int32Data.Count, tensor.Int64Data.Count, tensor.DoubleData.Count, tensor.Uint64Data.Count, tensor.StringData.Count];
        Assert.True(fields.Count(length => length > 0) <= 1, $"tensor '{tensor.Name}' holds its values in several fields");
        TensorData.Validate(tensor, "checked model");
    }
}
