using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;
using QuantNotebooks.Core.Tests.Sweep;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Shift;

/// <summary>
/// The split against brute force: every image through the layer with full-precision and with quantized weights, on the full-precision input,
/// on that input rounded one value at a time, and on what the quantized network gives.
/// </summary>
public sealed class SplitTests
{
    private static readonly QuantizationScheme FloatBias = QuantizationScheme.Int8PerTensor with { Bias = BiasPrecision.Float };

    public static TheoryData<string, int, bool> Cases => new()
    {
        { TestData.MobileNetV1, 8, false },
        { TestData.MobileNetV1, 4, false },
        { TestData.MobileNetV1, 8, true },
        { TestData.MobileNetV2, 8, false },
        { TestData.ResNet14, 4, false },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Parts_are_those_of_brute_force_and_sum_to_the_whole(string name, int bits, bool keepDeadChannels)
    {
        var network = TestData.Load(name, keepDeadChannels);
        var images = TestData.Calibration.Take(12);
        var report = network.MeasureMeanShift(images, FloatBias.WithBits(bits), new() { Split = true });

        var input = new float[images.Count * 1024];
        network.Task!.Input.Preprocessing.Fill(images, 0, images.Count, input);
        long[] shape = [images.Count, 1, 32, 32];
        var quantizedModel = NaiveQuantizedRun.Quantize(network, report.Ranges, bits, bits);
        // All points of both networks, so that ONNX Runtime fuses nothing and rounds as it does in single layers.
        var points = network.Layers.SelectMany(layer => new[] { layer.Input, layer.PreActivation, layer.Output }).Where(tensor => tensor != "input").ToHashSet();
        var full = ModelRun.Tensors(network.ToModel(), input, shape, points);
        var quantized = ModelRun.Tensors(quantizedModel, input, shape, points.Append("input//quantized"));
        full["input"] = (shape, input);
        quantized["input"] = quantized["input//quantized"];
        var placement = QuantizerPlacement.Of(network, QuantizationScheme.Int8PerTensor);
        foreach (var layer in network.Layers)
        {
            var x = full[layer.Input];
            var origin = placement.InputGridOf(layer);
            var rounded = Rounded(x.Values, report.Ranges.Of(origin, network), origin == "input" ? 8 : bits);
            var weights = quantizedModel.Graph.Initializer.Single(tensor => tensor.Name == layer.WeightName);
            var original = network.Graph.Constant(layer.WeightName)!;
            double[][] means =
            [
                ChannelMeans(network, layer, original, x.Shape, x.Values),
                ChannelMeans(network, layer, weights, x.Shape, x.Values),
                ChannelMeans(network, layer, weights, x.Shape, rounded),
                ChannelMeans(network, layer, weights, x.Shape, quantized[layer.Input].Values),
            ];
            var measured = report.Layers[layer.Index];
            var scale = Math.Sqrt(measured.Before.SignalPower / layer.Channels);
            for (var channel = 0; channel < layer.Channels; channel++)
            {
                var split = measured.Split!.Channels[channel];
                Assert.Equal(means[1][channel] - means[0][channel], split.Weights, 1e-6 * scale);
                Assert.Equal(means[2][channel] - means[1][channel], split.InputRounding, 1e-6 * scale);
                Assert.Equal(means[3][channel] - means[2][channel], split.Inherited, 1e-6 * scale);
                Assert.Equal(measured.Before.Channels[channel].MeanShift, split.Sum, 1e-6 * scale);
            }
        }
    }

    [Theory]
    [InlineData(TestData.TextDirection, 12, false)]
    [InlineData(TestData.TextRecognition, 4, false)]
    [InlineData(TestData.TextRecognition, 2, true)]
    public void Parts_sum_to_the_whole_in_networks_of_every_kind_of_layer(string name, int count, bool perChannel)
    {
        var network = TestData.Load(name);
        var images = (name == TestData.TextDirection ? TestData.TextDirectionTest : TestData.TextLinesTest).Take(count);
        var scheme = perChannel ? QuantizationScheme.Int8PerChannel : QuantizationScheme.Int8PerTensor;
        var report = network.MeasureMeanShift(images, scheme, new() { Split = true });
        Assert.Equal(network.Layers.Length, report.Layers.Length);
        foreach (var layer in report.Layers)
        {
            // The range before the activation: some layers of the recognizer sum terms far larger than their result, so that ONNX Runtime's own
            // float32 rounding moves the measured mean by 1.4e-6 of the root mean square.
            var scale = layer.Before.Channels.Max(channel => Math.Max(-channel.Float.Minimum, channel.Float.Maximum));
            for (var channel = 0; channel < layer.Layer.Channels; channel++)
                Assert.True(
                    Math.Abs(layer.Before.Channels[channel].MeanShift - layer.Split!.Channels[channel].Sum) <= 1e-6 * scale,
                    $"{layer.Name} channel {channel}: {layer.Before.Channels[channel].MeanShift} is not {layer.Split!.Channels[channel]}, scale {scale}");
        }
    }

    // The parts are sums in double; the whole is a mean of what ONNX Runtime adds up in float32. Where they differ by more than 1e-6 of the root mean square, its rounding is as large.
    [Fact]
    public void Where_the_recognizers_parts_miss_the_whole_the_rounding_of_float32_does_it()
    {
        var network = TestData.Load(TestData.TextRecognition);
        var images = TestData.TextLinesTest.Take(2);
        var scheme = QuantizationScheme.Int8PerTensor;
        var placement = QuantizerPlacement.Of(network, scheme);
        var report = network.MeasureMeanShift(images, scheme, new() { Split = true });
        var missed = report.Layers.Where(layer => Miss(layer) > 1e-6).ToArray();
        Assert.InRange(missed.Length, 0, 2);
        var batches = new ImageBatches(network, images);
        using var pool = new TensorPool();
        using var batch = batches.Read(0, pool, CancellationToken.None);
        var inputs = ModelRun.Tensors(network.ToModel(), batch.Floats.ToArray(), batch.Shape, missed.Select(layer => layer.Layer.Input));
        foreach (var layer in missed)
        {
            Assert.Contains(layer.Layer.Operator, (LayerOperator[])[LayerOperator.Conv, LayerOperator.DepthwiseConv]);
            var (inputShape, values) = inputs[layer.Layer.Input];
            var scale = Math.Sqrt(layer.Before.SignalPower / layer.Layer.Channels);
            var origin = placement.InputGridOf(layer.Layer);
            var onGrid = Rounded(values, report.Ranges.Of(origin, network), 8);
            var weights = LayerQuantizer.Weights(layer.Layer, scheme).Weights;
            var rounding = Math.Max(Rounding(layer.Layer, layer.Layer.Weights.ToArray(), values), Rounding(layer.Layer, weights, onGrid)) / scale;
            // Two runs meet in a shift, and each rounds; the quantized one on values of a grid, whose sums all round alike.
            Assert.InRange(Miss(layer), 0, 4 * rounding);

            double Rounding(Layer of, float[] weights, float[] x)
            {
                var single = ChannelMeans(network, of, TensorData.Create(of.WeightName, [.. of.WeightShape.Select(length => (long)length)], weights), inputShape, x);
                return single.Zip(ScalarChannelMeans(of, weights, inputShape, x), (left, right) => Math.Abs(left - right)).Max();
            }
        }

        static double Miss(LayerShift layer) => Enumerable.Range(0, layer.Layer.Channels)
            .Max(channel => Math.Abs(layer.Before.Channels[channel].MeanShift - layer.Split!.Channels[channel].Sum)) / Math.Sqrt(layer.Before.SignalPower / layer.Layer.Channels);
    }

    /// <summary>Means of a convolution's output channels, term by term in double.</summary>
    private static double[] ScalarChannelMeans(Layer layer, float[] weights, long[] shape, float[] x)
    {
        var node = layer.LinearNodes.Single(node => node.OpType == "Conv");
        long[] Of(string attribute, long[] otherwise) => node.Attribute.FirstOrDefault(item => item.Name == attribute)?.Ints.ToArray() ?? otherwise;
        var (strides, pads) = (Of("strides", [1, 1]), Of("pads", [0, 0, 0, 0]));
        var (channels, inputs, rows, columns) = (layer.WeightShape[0], layer.WeightShape[1], layer.WeightShape[2], layer.WeightShape[3]);
        var groupSize = channels / (shape[1] / inputs);
        var (height, width) = ((shape[2] + pads[0] + pads[2] - rows) / strides[0] + 1, (shape[3] + pads[1] + pads[3] - columns) / strides[1] + 1);
        var means = new double[channels];
        for (var image = 0L; image < shape[0]; image++)
            for (var channel = 0; channel < channels; channel++)
                for (var row = 0L; row < height; row++)
                    for (var column = 0L; column < width; column++)
                        for (var input = 0; input < inputs; input++)
                            for (var tap = 0; tap < rows * columns; tap++)
                            {
                                var (y, z) = (row * strides[0] - pads[0] + tap / columns, column * strides[1] - pads[1] + tap % columns);
                                if (y < 0 || z < 0 || y >= shape[2] || z >= shape[3]) continue;
                                means[channel] += (double)weights[(channel * inputs + input) * rows * columns + tap]
                                    * x[((image * shape[1] + channel / groupSize * inputs + input) * shape[2] + y) * shape[3] + z];
                            }
        return [.. means.Select((sum, channel) => sum / (shape[0] * height * width) + (layer.HasBias ? layer.Bias[channel] : 0))];
    }

    [Theory]
    [MemberData(nameof(TestData.Networks), MemberType = typeof(TestData))]
    public void Parts_sum_to_the_whole_with_quantized_biases_and_scales_per_channel(string name)
    {
        var network = TestData.Load(name);
        var report = network.MeasureMeanShift(TestData.Calibration.Take(70), QuantizationScheme.Int8PerChannel.WithBits(6), new() { Split = true });
        foreach (var layer in report.Layers)
        {
            var scale = Math.Sqrt(layer.Before.SignalPower / layer.Layer.Channels);
            for (var channel = 0; channel < layer.Layer.Channels; channel++)
                Assert.Equal(layer.Before.Channels[channel].MeanShift, layer.Split!.Channels[channel].Sum, 1e-6 * scale);
        }
        // The first layer reads the images themselves: nothing is inherited.
        Assert.All(report.Layers[0].Split!.Channels, channel => Assert.Equal(0, channel.Inherited));
    }

    [Fact]
    public void A_corrected_bias_is_part_of_the_own_weights()
    {
        var network = TestData.Load(TestData.ResNet14);
        var biases = network.Layers[2].Bias.ToArray();
        var facts = network.Facts with { ReferenceBiases = network.Facts.ReferenceBiases.Add(network.Layers[2].Name, [.. biases]) };
        var moved = network.With([new LayerChange(network.Layers[2], null, [.. biases.Select(bias => bias + 0.25f)])], facts);
        var nothing = QuantizationScheme.Int8PerTensor with { WeightBits = null, ActivationBits = null };
        var split = moved.MeasureMeanShift(TestData.Calibration.Take(4), nothing, new() { Split = true }).Layers[2].Split!;
        Assert.All(split.Channels, channel => Assert.Equal(0.25, channel.PredictedWeights, 1e-6));
        Assert.All(split.Channels, channel => Assert.Equal((0.25, 0, 0), (Math.Round(channel.Weights, 6), channel.InputRounding, channel.Inherited)));
    }

    [Fact]
    public void The_prediction_of_a_depthwise_layer_weights_each_tap_by_its_in_bounds_share()
    {
        var network = TestData.Load(TestData.MobileNetV1);
        var images = TestData.Calibration.Take(40);
        var report = network.MeasureMeanShift(images, FloatBias.WithBits(5), new() { Split = true });
        // The first depthwise layer: 3x3, stride 1, one pixel of padding. Its input is the first layer's output.
        var layer = network.Layers[1];
        Assert.Equal(LayerOperator.DepthwiseConv, layer.Operator);
        var side = Math.Sqrt(report.Layers[1].Before.Channels[0].Float.Count / (double)images.Count);
        var weights = LayerQuantizer.Weights(layer, FloatBias.WithBits(5)).Weights;
        for (var channel = 0; channel < layer.Channels; channel++)
        {
            var mean = report.Layers[0].After.Channels[channel].Float.Mean;
            var expected = 0.0;
            for (var tap = 0; tap < 9; tap++)
            {
                var rows = tap / 3 == 1 ? side : side - 1;
                var columns = tap % 3 == 1 ? side : side - 1;
                expected += ((double)weights[channel * 9 + tap] - layer.Weights[channel * 9 + tap]) * rows * columns / (side * side) * mean;
            }
            Assert.Equal(expected, report.Layers[1].Split!.Channels[channel].PredictedWeights, 1e-6 * Math.Max(1, Math.Abs(mean)));
        }
    }

    [Fact]
    public void Splits_merge_to_that_of_all_images()
    {
        var network = TestData.Load(TestData.MobileNetV2);
        var all = TestData.Calibration.Take(48);
        var report = network.MeasureMeanShift(all, FloatBias, new() { Split = true });
        var options = new MeanShiftOptions { Split = true, Ranges = report.Ranges };
        var parts = new[] { all.Take(32), all.Skip(32) }.Select(part => network.MeasureMeanShift(part, FloatBias, options)).ToArray();
        foreach (var layer in report.Layers)
        {
            var merged = parts[0].Layers[layer.Layer.Index].Split!.Merge(parts[1].Layers[layer.Layer.Index].Split!);
            for (var channel = 0; channel < merged.Channels.Length; channel++)
            {
                Assert.Equal(layer.Split!.Channels[channel].Count, merged.Channels[channel].Count);
                Assert.Equal(layer.Split.Channels[channel].Inherited, merged.Channels[channel].Inherited, 1e-12);
                Assert.Equal(layer.Split.Channels[channel].PredictedWeights, merged.Channels[channel].PredictedWeights, 1e-12);
            }
        }
    }

    private static float[] Rounded(float[] values, ActivationRange range, int bits)
    {
        var highest = (1 << bits) - 1;
        var (low, high) = (Math.Min(0.0, range.Minimum), Math.Max(0.0, range.Maximum));
        var scale = (float)((high - low) / highest);
        var zeroPoint = Math.Round(-(float)low / scale, MidpointRounding.ToEven);
        return Array.ConvertAll(values, value => (float)(Math.Clamp(Math.Round(value / scale, MidpointRounding.ToEven), -zeroPoint, highest - zeroPoint) * scale));
    }

    private static double[] ChannelMeans(Network network, Layer layer, TensorProto weights, long[] shape, float[] values)
    {
        var graph = network.Graph.With(network.Graph.Nodes, network.Graph.Constants.SetItem(layer.WeightName, weights));
        var model = graph.Extract(layer.LinearNodes, [(layer.Input, (int)TensorProto.Types.DataType.Float)], [layer.PreActivation]);
        var output = ModelRun.Tensors(model, values, shape).Values.Single();
        var positions = output.Values.Length / (int)shape[0] / layer.Channels;
        var sums = new double[layer.Channels];
        for (var index = 0; index < output.Values.Length; index++) sums[index / positions % layer.Channels] += output.Values[index];
        return Array.ConvertAll(sums, sum => sum / (shape[0] * positions));
    }
}
