using Microsoft.ML.OnnxRuntime;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;
using QuantNotebooks.Tests;
using QuantNotebooks.Training.Gradients;

namespace QuantNotebooks.Training.Tests.Gradients;

/// <summary>The training graph of whole networks: what it computes, and its gradients.</summary>
public sealed class WholeNetworkTests
{
    private const int Images = 8;

    private static readonly QuantizationScheme Float = QuantizationScheme.Int8PerTensor with { WeightBits = null, ActivationBits = null };

    [Theory]
    [InlineData(TestData.MobileNetV1)]
    [InlineData(TestData.MobileNetV2)]
    [InlineData(TestData.ResNet14)]
    public void The_gradient_gives_the_change_of_the_loss_along_it(string name)
    {
        // With nothing quantized the loss is piecewise smooth: g . d must be its slope along d. Along the gradient itself the slope is largest,
        // so float32's rounding of the loss weighs least. Targets are labels, far from what the network says: the gradient does not vanish.
        using var set = new Set(TestData.Load(name), Float, TestData.Test.Take(Images), labels: true, trainsWeights: true);
        AssertSlopes(set, 3e-4);
    }

    [Theory]
    [InlineData("ppocr-text-direction", "text-direction", 3e-4)]
    [InlineData("ppocr-v4-text-recognition", "text-lines", 1e-4)]
    public void The_same_with_attention_squeeze_and_excitation_and_hard_swish(string name, string images, double change)
    {
        using var set = new Set(TestData.Load(name), Float, ImageSet.Load(Repository.PathOf("data", images, "calibration")).Take(2), labels: false, trainsWeights: true);
        MoveAway(set);
        AssertSlopes(set, change, tolerance: 0.02);
    }

    [Fact]
    public void The_same_with_the_loss_of_all_layers()
    {
        using var set = new Set(TestData.Load(TestData.ResNet14), Float, TestData.Test.Take(Images), labels: false, trainsWeights: true, layers: true);
        MoveAway(set);
        AssertSlopes(set, 1e-4, tolerance: 0.02);
    }

    /// <summary>The target is what the network says itself: only away from its own weights is there a gradient.</summary>
    private static void MoveAway(Set set)
    {
        var random = new Random(1);
        foreach (var parameter in set.Parameters.All)
            for (var index = 0; index < parameter.Latent.Length; index++) parameter.Latent[index] *= (float)(1 + 0.1 * (random.NextDouble() - 0.5));
        set.Parameters.Quantize();
    }

    /// <param name="set">The network.</param>
    /// <param name="change">By how much the loss is to change: small enough for few kinks, large enough for float32's digits.</param>
    /// <param name="tolerance">What kinks and rounding together may leave.</param>
    private static void AssertSlopes(Set set, double change, double tolerance = 0.01)
    {
        var gradients = set.Gradients();
        foreach (var biases in (bool[])[false, true])
        {
            var norm = Math.Sqrt(gradients.Where(pair => pair.Key.IsBias == biases).Sum(pair => pair.Value.Sum(value => (double)value * value)));
            double Moved(double by)
            {
                foreach (var (parameter, gradient) in gradients)
                    if (parameter.IsBias == biases)
                        for (var index = 0; index < gradient.Length; index++)
                            parameter.Quantized[index] = (float)(parameter.Latent[index] + by * gradient[index] / norm);
                var loss = set.Loss();
                set.Parameters.Quantize();
                return loss;
            }
            var step = change / norm;
            var slope = (Moved(step) - Moved(-step)) / (2 * step);
            Assert.InRange(slope / norm, 1 - tolerance, 1 + tolerance);
        }
    }

    [Theory]
    [InlineData(TestData.MobileNetV1, 8, false)]
    [InlineData(TestData.MobileNetV2, 8, true)]
    [InlineData(TestData.ResNet14, 4, false)]
    public void The_quantized_output_is_that_of_the_evaluation(string name, int bits, bool perChannel)
    {
        var network = TestData.Load(name);
        var scheme = (perChannel ? QuantizationScheme.Int8PerChannel : QuantizationScheme.Int8PerTensor).WithBits(bits);
        var images = TestData.Calibration.Take(Images);
        using var set = new Set(network, scheme, images, labels: false, trainsWeights: false);
        set.Loss();

        using var pool = new TensorPool();
        var batches = new ImageBatches(network, images);
        using var inference = new QuantizedInference(network, scheme, set.Ranges, batches.InputName, pool);
        using var output = inference.Run(batches.Read(0, pool, CancellationToken.None), CancellationToken.None);
        // The same grids and the same weights: only a sum in another order can differ, and push a value over the edge of a step.
        var step = QuantizerPlacement.Of(network, scheme).Quantizers(network, set.Ranges)[network.Layers[^1].Output].Scale;
        var expected = output.Floats.ToArray();
        var differing = expected.Zip(set.Scores).Count(pair => Math.Abs(pair.First - pair.Second) > 1e-4 * step);
        Assert.True(differing <= expected.Length / 20, $"{differing} of {expected.Length} outputs differ");
        Assert.All(expected.Zip(set.Scores), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, 2.01 * step));
    }

    [Fact]
    public void Distillation_is_the_cross_entropy_of_both_softmax_outputs()
    {
        var network = TestData.Load(TestData.ResNet14);
        var images = TestData.Calibration.Take(Images);
        using var set = new Set(network, QuantizationScheme.Int8PerTensor.WithBits(4), images, labels: false, trainsWeights: false);
        var loss = set.Loss();
        using var pool = new TensorPool();
        var batches = new ImageBatches(network, images);
        using var session = OnnxSession.Create(network.ToModel(), "test");
        using var input = batches.Read(0, pool, CancellationToken.None);
        using var output = session.Run([input.Value], CancellationToken.None)[0];
        var full = output.GetTensorDataAsSpan<float>().ToArray();
        var (entropy, classes) = (0.0, full.Length / Images);
        for (var image = 0; image < Images; image++)
        {
            var target = Softmax(full[(image * classes)..((image + 1) * classes)]);
            var quantized = Softmax(set.Scores[(image * classes)..((image + 1) * classes)]);
            entropy -= target.Zip(quantized).Sum(pair => pair.First * Math.Log(pair.Second)) / Images;
        }
        Assert.Equal(entropy, loss, 1e-5 * entropy);

        static double[] Softmax(float[] scores)
        {
            var powers = scores.Select(score => Math.Exp((double)score - scores.Max())).ToArray();
            return [.. powers.Select(power => power / powers.Sum())];
        }
    }

    [Fact]
    public void The_loss_of_all_layers_is_the_mean_noise_to_signal_that_the_sweep_measures()
    {
        var network = TestData.Load(TestData.ResNet14);
        var images = TestData.Calibration.Take(Images);
        var scheme = QuantizationScheme.Int8PerTensor.WithBits(6);
        using var set = new Set(network, scheme, images, labels: false, trainsWeights: false, layers: true);
        var measured = network.MeasureMeanShift(images, scheme, new() { Ranges = set.Ranges });
        Assert.Equal(measured.Layers.Average(layer => layer.After.RootQnsr * layer.After.RootQnsr), set.Loss(), 1e-3 * set.Loss());
    }

    [Fact]
    public void A_quantizer_passes_the_gradient_where_it_does_not_clip()
    {
        var quantizer = new Quantizer(0.5f, 2, 0, 7);   // grid -1 ... 2.5
        float[] values = [-3, -1.3f, -1.2f, -1, 0, 0.2f, 0.3f, 2.4f, 2.7f, 2.8f, 9];
        var graph = StaticGraph.Of(
            Graph.From(new GraphBuilder().Input("x", values.Length).Node("Neg", ["x"], "n").Node("Neg", ["n"], "y").Output("y").Model, "test"),
            new Dictionary<string, long[]> { ["x"] = [values.Length] }, "test");
        foreach (var tensor in (string[])["x", "y"])
        {
            var quantized = FakeQuantization.Insert(graph, new Dictionary<string, Quantizer> { [tensor] = quantizer });
            var emit = new NodeEmitter();
            var gradient = ReverseMode.Differentiate(quantized, emit, [("y", emit.Constant(Enumerable.Repeat(3f, values.Length).ToArray(), values.Length))], ["x"])[0];
            using var session = OnnxSession.Create(ReverseMode.ToModel(quantized, emit, [graph.Tensor("x")], ["y", gradient.Name]), "test");
            using var input = OrtValue.CreateTensorValueFromMemory(values, [values.Length]);
            var outputs = session.Run([input], CancellationToken.None).Select(output => output.GetTensorDataAsSpan<float>().ToArray()).ToArray();
            Assert.Equal(values.Select(quantizer.Apply), outputs[0]);
            Assert.Equal([0, 0, 3, 3, 3, 3, 3, 3, 3, 0, 0], outputs[1]);
        }
    }

    /// <summary>A clip and the grid behind it are compared in one step: what passes is what passes both, of grids wider and narrower than the clip.</summary>
    [Theory]
    [InlineData("Relu", 0, 0, double.PositiveInfinity)]
    [InlineData("Relu", 2, 0, double.PositiveInfinity)]
    [InlineData("Clip", 0, 0, 6)]
    [InlineData("Clip", 2, 0, 6)]
    [InlineData("Clip", 2, -0.7, 2)]
    [InlineData("Clip", 0, 1, 1)]
    public void A_clip_and_the_grid_behind_it_pass_what_both_pass(string operation, int zeroPoint, float low, float high)
    {
        var quantizer = new Quantizer(0.5f, zeroPoint, 0, 7);
        var (lowest, highest) = ((0 - zeroPoint - 0.5) * 0.5, (7 - zeroPoint + 0.5) * 0.5);
        float[] values = [-3, -0.8f, -0.7f, -0.6f, -1e-30f, -0f, 0, 1e-30f, 0.2f, 1, 1.5f, 2, 2.4f, 2.7f, 2.8f, 3.7f, 3.8f, 5.9f, 6, 6.1f, 9];
        var builder = new GraphBuilder().Input("x", values.Length).Constant("low", [], low).Constant("high", [], high).Node("Neg", ["x"], "m").Node("Neg", ["m"], "n");
        builder.Node(operation, operation == "Relu" ? ["n"] : ["n", "low", "high"], "c").Node("Neg", ["c"], "y").Output("y");
        var graph = StaticGraph.Of(Graph.From(builder.Model, "test"), new Dictionary<string, long[]> { ["x"] = [values.Length] }, "test");
        var quantized = FakeQuantization.Insert(graph, new Dictionary<string, Quantizer> { ["c"] = quantizer });
        var emit = new NodeEmitter();
        var gradient = ReverseMode.Differentiate(quantized, emit, [("y", emit.Constant(Enumerable.Repeat(3f, values.Length).ToArray(), values.Length))], ["x"])[0];
        using var session = OnnxSession.Create(ReverseMode.ToModel(quantized, emit, [graph.Tensor("x")], ["y", gradient.Name]), "test");
        using var input = OrtValue.CreateTensorValueFromMemory(values, [values.Length]);
        var outputs = session.Run([input], CancellationToken.None).Select(output => output.GetTensorDataAsSpan<float>().ToArray()).ToArray();
        Assert.Equal(values.Select(value => -quantizer.Apply(Math.Clamp(value, low, high))), outputs[0]);
        // At a kink the derivative is that of the constant side.
        Assert.Equal(values.Select(value => value > low && value < high && value >= lowest && value <= highest ? -3f : 0), outputs[1]);
    }

    [Fact]
    public void An_operator_without_a_gradient_is_refused_by_name()
    {
        var network = new GraphBuilder().Input("input", 0, 1, 32, 32).RandomConstant("a.weight", 4, 1, 5, 5)
            .Node("Conv", ["input", "a.weight"], "a", GraphBuilder.Ints("strides", 3, 3)).Node("Sinh", ["a"], "s")
            .Node("GlobalAveragePool", ["s"], "p").Node("Flatten", ["p"], "y").Output("y").Load();
        network = network.With([], network.Facts with { Task = TestData.Load(TestData.ResNet14).Task!  with { Task = new NoTask() } });
        var error = Assert.Throws<QuantNotebooksException>(() => network.FineTuneBiases(TestData.Calibration.Take(20), Float));
        Assert.Contains("Sinh of node 'Sinh/s' has no gradient", error.Message, StringComparison.Ordinal);
    }

    /// <summary>A network's training graph with one batch.</summary>
    private sealed class Set : IDisposable
    {
        private readonly TrainingGraph _graph;
        private readonly TrainingData _data;
        private readonly OrtValue _images;
        private readonly OrtValue[] _targets;

        public Set(Network network, QuantizationScheme scheme, ImageSet images, bool labels, bool trainsWeights, bool layers = false)
        {
            Ranges = network.Calibrate(images, scheme);
            var quantizers = QuantizerPlacement.Of(network, scheme).Quantizers(network, Ranges);
            Parameters = new TrainedParameters(network, scheme, quantizers, trainsWeights, [.. network.Layers.Select(_ => (float[])[1])]);
            var loss = layers ? TrainingLoss.OfLayers(network) : TrainingLoss.OfOutput(network);
            _data = new TrainingData(network, images, loss, labels);
            var shape = _data.ShapeOf(images.Count);
            _graph = new TrainingGraph(network, Parameters, quantizers, loss, shape, CancellationToken.None);
            var input = new float[shape.Aggregate(1L, (product, dimension) => product * dimension)];
            float[][] targets = [.. _graph.TargetShapes.Select(target => new float[target.Aggregate(1L, (product, dimension) => product * dimension)])];
            _data.Fill(Enumerable.Range(0, images.Count).ToArray(), input, targets, CancellationToken.None);
            _images = OrtValue.CreateTensorValueFromMemory(input, shape);
            _targets = [.. targets.Zip(_graph.TargetShapes, (values, target) => OrtValue.CreateTensorValueFromMemory(values, [.. target]))];
            Scores = layers ? [] : new float[targets[0].Length];
        }

        public TrainedParameters Parameters { get; }

        public ActivationRanges Ranges { get; }

        public float[] Scores { get; }

        public double Loss() => _graph.Evaluate(_images, _targets, Scores, CancellationToken.None);

        public Dictionary<TrainedParameter, float[]> Gradients()
        {
            var gradients = new Dictionary<TrainedParameter, float[]>();
            _graph.Differentiate(_images, _targets, [], (_, parameter, gradient) => gradients[parameter] = gradient.ToArray(), CancellationToken.None);
            return gradients;
        }

        public void Dispose()
        {
            _graph.Dispose();
            _data.Dispose();
            _images.Dispose();
            foreach (var target in _targets) target.Dispose();
        }
    }
}
