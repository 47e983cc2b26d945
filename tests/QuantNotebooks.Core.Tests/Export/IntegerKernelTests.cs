using Microsoft.ML.OnnxRuntime;
using QuantNotebooks.Export;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Export;

/// <summary>
/// Every integer kernel by itself, given what the simulation gives its layer: the two may differ only where a value lies between two integers,
/// rarely and by one step. So whatever a whole network differs by comes from such steps and not from another placement of the grids.
/// </summary>
public sealed class IntegerKernelTests
{
    [Theory]
    [InlineData(TestData.MobileNetV2, false)]
    [InlineData(TestData.MobileNetV2, true)]
    [InlineData(TestData.ResNet14, true)]
    public void Each_kernel_differs_from_the_simulation_in_few_values_by_one_step(string name, bool perChannel)
    {
        var network = TestData.Load(name);
        var scheme = perChannel ? QuantizationScheme.Int8PerChannel : QuantizationScheme.Int8PerTensor;
        var ranges = network.Calibrate(TestData.Calibration.Take(256), null, TestContext.Current.CancellationToken);
        var placement = QuantizerPlacement.Of(network, scheme);
        var graph = Graph.From(network.ToQdq(scheme, ranges, QdqOptions.Default).Model, "QDQ");
        var simulated = Simulated(network, scheme, ranges);
        var (different, all, sum) = (0L, 0L, 0.0);
        foreach (var tensor in placement.Tensors.Where(tensor => graph.Producer(tensor) is not null))
        {
            var (model, inputs) = Kernel(graph, tensor, placement.Tensors);
            using var session = IntegerEngine.Session(model, precise: true);
            var values = inputs.ToDictionary(
                input => input + "/given", input => OrtValue.CreateTensorValueFromMemory(simulated[input.Replace("/dequantized", "", StringComparison.Ordinal)].Values,
                    simulated[input.Replace("/dequantized", "", StringComparison.Ordinal)].Shape));
            using var run = new RunOptions();
            using var results = session.Run(run, values, [tensor]);
            foreach (var value in values.Values) value.Dispose();
            var actual = results[0].GetTensorDataAsSpan<float>();
            var step = placement.QuantizerOf(tensor, ranges.Of(tensor, network))!.Scale;
            for (var index = 0; index < actual.Length; index++)
            {
                var difference = Math.Round(((double)actual[index] - simulated[tensor].Values[index]) / step);
                Assert.True(Math.Abs(difference) <= 1, $"{tensor} differs by {difference} steps");
                if (difference != 0) different++;
                sum += difference;
            }
            all += actual.Length;
        }
        TestContext.Current.TestOutputHelper!.WriteLine($"{different} of {all} values differ, their mean difference is {sum / Math.Max(1, different)} steps");
        Assert.InRange((double)different / all, 0, 2e-5);
    }

    /// <summary>
    /// Why single logits differ by more than two steps although each kernel differs by one step in few values: in the simulation itself, one value of
    /// an early layer that is moved by one step can move a logit by that much.
    /// </summary>
    [Fact]
    public void One_step_in_one_value_of_an_early_layer_can_move_logits_by_several_steps()
    {
        const int count = 100;
        var network = TestData.Load(TestData.MobileNetV2);
        var scheme = QuantizationScheme.Int8PerTensor;
        var ranges = network.Calibrate(TestData.Calibration.Take(256), null, TestContext.Current.CancellationToken);
        var placement = QuantizerPlacement.Of(network, scheme);
        var output = network.Graph.Outputs[0].Name;
        var step = placement.QuantizerOf(output, ranges.Of(output, network))!.Scale;
        var batches = new ImageBatches(network, TestData.Test.Take(count), count);
        using var pool = new TensorPool();
        var exact = Logits(null);
        var moved = new List<double>();
        foreach (var layer in network.Layers.Take(6))
        {
            var changed = Logits(layer.Output);
            for (var index = 0; index < exact.Length; index++) moved.Add(Math.Round(Math.Abs((double)changed[index] - exact[index]) / step));
        }
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{moved.Count(steps => steps > 0)} of {moved.Count} logits move, {moved.Count(steps => steps > 2)} by more than two steps, {moved.Max()} at the most");
        Assert.True(moved.Max() > 2);

        float[] Logits(string? tensor)
        {
            var random = new Random(1);
            using var reader = batches.Open(pool, TestContext.Current.CancellationToken);
            using var simulation = new QuantizedInference(network, scheme, ranges, batches.InputName, pool) { Made = Move };
            using var logits = simulation.Run(reader.Next(), TestContext.Current.CancellationToken);
            return logits.Floats.ToArray();

            void Move(string name, BatchTensor made)
            {
                if (name != tensor) return;
                var grid = placement.QuantizerOf(name, ranges.Of(name, network))!;
                var perImage = made.Floats.Length / count;
                for (var image = 0; image < count; image++)
                {
                    // A value that is neither clipped by the activation nor zero, as those are that lie between two integers.
                    var values = made.Floats.Slice(image * perImage, perImage);
                    var at = random.Next(perImage);
                    while (values[at] <= 0 || values[at] >= grid.Maximum - grid.Scale) at = (at + 1) % perImage;
                    values[at] += grid.Scale;
                }
            }
        }
    }

    private static Dictionary<string, (float[] Values, long[] Shape)> Simulated(Network network, QuantizationScheme scheme, ActivationRanges ranges)
    {
        const int count = 8;
        var made = new Dictionary<string, (float[], long[])>();
        var batches = new ImageBatches(network, TestData.Test.Take(count), count);
        using var pool = new TensorPool();
        using var reader = batches.Open(pool, CancellationToken.None);
        using var simulation = new QuantizedInference(network, scheme, ranges, batches.InputName, pool)
        {
            Made = (name, tensor) => made[name] = (tensor.IsFloat ? tensor.Floats.ToArray() : [], tensor.Shape),
        };
        simulation.Run(reader.Next(), CancellationToken.None).Dispose();
        return made;
    }

    /// <summary>The nodes between a quantized tensor and those before it, as a model that takes their values and quantizes them again.</summary>
    private static (ModelProto Model, HashSet<string> Inputs) Kernel(Graph graph, string tensor, IReadOnlySet<string> quantized)
    {
        var nodes = new HashSet<NodeProto>(ReferenceEqualityComparer.Instance);
        var inputs = new HashSet<string>();
        Collect(graph.Producer(tensor)!);
        var model = graph.Extract(graph.Nodes.Where(nodes.Contains), inputs.Select(input => (input + "/given", (int)TensorProto.Types.DataType.Float)), [tensor]);
        var constants = model.Graph.Initializer.Select(constant => constant.Name).ToHashSet();
        foreach (var input in inputs)
        {
            var pair = graph.Producer(input)!;
            model.Graph.Node.Insert(0, Node("DequantizeLinear", input + "/integer", input));
            model.Graph.Node.Insert(0, Node("QuantizeLinear", input + "/given", input + "/integer"));
            foreach (var constant in pair.Input.Skip(1))
                if (constants.Add(constant)) model.Graph.Initializer.Add(graph.Constants[constant]);

            NodeProto Node(string operation, string from, string to)
            {
                var node = new NodeProto { OpType = operation };
                node.Input.AddRange([from, .. pair.Input.Skip(1)]);
                node.Output.Add(to);
                return node;
            }
        }
        return (model, inputs);

        void Collect(NodeProto node)
        {
            if (!nodes.Add(node)) return;
            foreach (var input in node.Input.Where(input => input.Length > 0 && graph.Constant(input) is null))
            {
                var origin = input.Replace("/dequantized", "", StringComparison.Ordinal);
                if (quantized.Contains(input) || graph.Inputs.Any(other => other.Name == origin) && input != origin) inputs.Add(input);
                else Collect(graph.Producer(input)!);
            }
        }
    }
}
