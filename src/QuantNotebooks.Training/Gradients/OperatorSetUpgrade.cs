using System.Collections.Frozen;
using System.Collections.Immutable;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Training.Gradients;

/// <summary>
/// Writes a graph of an old operator set in the form of a later one, so that the gradients' nodes can stand in the same model. Knows the
/// operators whose form changed and those whose form did not; any other is refused by name.
/// </summary>
internal static class OperatorSetUpgrade
{
    private const int Oldest = 7;

    /// <summary>From this operator set on, nothing that matters here changed its form.</summary>
    private const int Modern = 13;

    private static readonly FrozenSet<string> Unchanged = new[]
    {
        "Abs", "Add", "And", "ArgMax", "ArgMin", "AveragePool", "Cast", "Ceil", "Concat", "Constant", "ConstantOfShape", "Conv", "ConvTranspose",
        "DepthToSpace", "Div", "Elu", "Equal", "Erf", "Exp", "Expand", "Flatten", "Floor", "Gather", "Gemm", "GlobalAveragePool", "GlobalMaxPool",
        "Greater", "HardSigmoid", "HardSwish", "Identity", "InstanceNormalization", "LRN", "LeakyRelu", "Less", "Log", "MatMul", "Max", "MaxPool",
        "Min", "Mul", "Neg", "Not", "Or", "PRelu", "Pow", "Range", "Reciprocal", "ReduceMax", "ReduceMean", "ReduceMin", "Relu", "Reshape",
        "Selu", "Shape", "Sigmoid", "Sign", "Size", "Softplus", "Softsign", "SpaceToDepth", "Sqrt", "Sub", "Sum", "Tanh", "Tile", "Transpose",
        "Where",
    }.ToFrozenSet();

    /// <exception cref="QuantNotebooksException">The graph's operator set is too old, or a node has no form in the later one.</exception>
    public static Graph Apply(Graph graph, Dictionary<string, ImmutableArray<long>> shapes, int target, string source)
    {
        var model = graph.ToModel();
        var standard = model.OpsetImport.FirstOrDefault(import => import.Domain is "" or "ai.onnx") ?? new OperatorSetIdProto { Version = target };
        var version = standard.Version;
        if (version < Oldest)
            throw new QuantNotebooksException($"'{source}' is of operator set {version}; gradients are written for operator set {Oldest} and later.");
        standard.Version = Math.Max(version, target);
        model.IrVersion = Math.Max(model.IrVersion, 8);
        if (version >= Modern) return Graph.From(model, source);
        var upgrade = new Upgrade(shapes);
        var nodes = model.Graph.Node.SelectMany(node => node.Domain is "" or "ai.onnx" ? upgrade.Of(node.Clone(), version) : [node]).ToArray();
        model.Graph.Node.Clear();
        model.Graph.Node.AddRange(nodes);
        model.Graph.Initializer.AddRange(upgrade.Constants);
        return Graph.From(model, source);
    }

    private sealed class Upgrade(Dictionary<string, ImmutableArray<long>> shapes)
    {
        public List<TensorProto> Constants { get; } = [];

        public IEnumerable<NodeProto> Of(NodeProto node, long version)
        {
            switch (node.OpType)
            {
                case "Clip" when version < 11:
                    Floats(node, 1, "min");
                    Floats(node, 2, "max");
                    break;
                case "Pad" when version < 11:
                    Integers(node, 1, "pads");
                    Floats(node, 2, "value");
                    break;
                case "Slice" when version < 10:
                    if (node.Attribute("axes") is null) node.Attribute.Add(Attributes.Ints("axes", Enumerable.Range(0, node.Ints("starts").Length).Select(axis => (long)axis)));
                    Integers(node, 1, "starts");
                    Integers(node, 2, "ends");
                    Integers(node, 3, "axes");
                    break;
                case "Split":
                    var split = (int)node.Int("axis", 0);
                    if (split < 0) split += shapes[node.Input[0]].Length;
                    if (node.Attribute("split") is null) node.Attribute.Add(Attributes.Ints("split", node.Output.Select(output => shapes[output][split])));
                    Integers(node, 1, "split");
                    break;
                case "Squeeze" or "Unsqueeze" or "ReduceSum":
                    Integers(node, 1, "axes");
                    break;
                case "Softmax" or "LogSoftmax":
                    return Flattened(node);
                case "BatchNormalization" when node.Int("spatial", 1) == 1:
                    Take(node, "spatial");
                    break;
                case "Resize" when version < 11:
                    AsResize(node);
                    break;
                case "Upsample":
                    if (Take(node, "scales") is { } scales)
                    {
                        Constants.Add(TensorData.Create(node.Output[0] + "/scales", [scales.Floats.Count], [.. scales.Floats]));
                        SetInput(node, 1, node.Output[0] + "/scales");
                    }
                    AsResize(node);
                    break;
                case "Clip" or "Pad" or "Slice" or "Resize":
                    break;
                default:
                    if (!Unchanged.Contains(node.OpType))
                        throw GradientRules.Refused(node, $"it stands in operator set {version}, and its form in a later one is not known");
                    break;
            }
            return [node];
        }

        /// <summary>
        /// Before operator set 11 positions are scaled from the corner, and the nearest is the one below, but for ONNX Runtime the one above where the image shrinks.
        /// </summary>
        private void AsResize(NodeProto node)
        {
            node.OpType = "Resize";
            node.Input.Insert(1, "");
            var shrinks = shapes[node.Output[0]].Zip(shapes[node.Input[0]]).Any(sizes => sizes.First < sizes.Second);
            node.Attribute.Add(Attributes.Text("coordinate_transformation_mode", "asymmetric"));
            node.Attribute.Add(Attributes.Text("nearest_mode", shrinks ? "ceil" : "floor"));
        }

        /// <summary>Before operator set 13, Softmax takes all axes from its own on as one; later only its own.</summary>
        private IEnumerable<NodeProto> Flattened(NodeProto node)
        {
            var shape = shapes[node.Input[0]];
            var axis = (int)node.Int("axis", 1);
            if (axis < 0) axis += shape.Length;
            Take(node, "axis");
            node.Attribute.Add(Attributes.Int("axis", -1));
            if (shape[axis..].Count(dimension => dimension != 1) <= 1 && shape[^1] == shape[axis..].Aggregate(1L, (product, dimension) => product * dimension))
                return [node];
            var (input, output) = (node.Input[0], node.Output[0]);
            var flat = new NodeProto { Name = output + "/flat", OpType = "Reshape" };
            flat.Input.AddRange([input, Constant(output + "/flat-shape", [shape[..axis].Aggregate(1L, (product, dimension) => product * dimension), -1])]);
            flat.Output.Add(output + "/flat");
            var back = new NodeProto { Name = output + "/back", OpType = "Reshape" };
            back.Input.AddRange([output + "/flat-result", Constant(output + "/shape", shape)]);
            back.Output.Add(output);
            node.Input[0] = flat.Output[0];
            node.Output[0] = output + "/flat-result";
            ImmutableArray<long> flattened = [shape[..axis].Aggregate(1L, (product, dimension) => product * dimension), shape[axis..].Aggregate(1L, (product, dimension) => product * dimension)];
            shapes[node.Input[0]] = flattened;
            shapes[node.Output[0]] = flattened;
            return [flat, node, back];
        }

        private void Integers(NodeProto node, int input, string attribute)
        {
            if (Take(node, attribute) is not { } values) return;
            SetInput(node, input, Constant($"{node.Output[0]}/{attribute}", values.Ints));
        }

        private void Floats(NodeProto node, int input, string attribute)
        {
            if (Take(node, attribute) is not { } value) return;
            var name = $"{node.Output[0]}/{attribute}";
            Constants.Add(TensorData.Scalar(name, value.F));
            shapes[name] = [];
            SetInput(node, input, name);
        }

        private string Constant(string name, IReadOnlyCollection<long> values)
        {
            var tensor = new TensorProto { Name = name, DataType = (int)TensorProto.Types.DataType.Int64 };
            tensor.Dims.Add(values.Count);
            tensor.Int64Data.AddRange(values);
            Constants.Add(tensor);
            shapes[name] = [values.Count];
            return name;
        }

        private static AttributeProto? Take(NodeProto node, string name)
        {
            var attribute = node.Attribute(name);
            if (attribute is not null) node.Attribute.Remove(attribute);
            return attribute;
        }

        private static void SetInput(NodeProto node, int index, string name)
        {
            while (node.Input.Count <= index) node.Input.Add("");
            node.Input[index] = name;
        }
    }
}
