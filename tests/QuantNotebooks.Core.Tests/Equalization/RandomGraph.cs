using QuantNotebooks.Onnx.Schema;
using static QuantNotebooks.Core.Tests.GraphBuilder;

namespace QuantNotebooks.Core.Tests.Equalization;

/// <summary>Builds a random convolutional graph piece by piece, of every kind of piece that factors may meet.</summary>
internal sealed class RandomGraph
{
    /// <summary>Input of every graph: two images.</summary>
    public static readonly long[] InputShape = [2, 2, 6, 6];

    private readonly GraphBuilder _builder = new(opset: 13);
    private readonly Random _random;
    private string _tensor = "x";
    private int _channels = 2;
    private int _size = 6;
    private int _names;
    private string? _shared;

    private RandomGraph(int seed)
    {
        _random = new Random(seed);
        _builder.Input("x", 0, 2, 6, 6);
    }

    private static readonly Action<RandomGraph>[] Pieces =
    [
        graph => graph.Convolve(graph.Pick(2, 4, 6)),
        graph => graph.Convolve(graph.Pick(4, 8)),
        graph => graph.Depthwise(),
        graph => graph.Grouped(),
        graph => graph.Transposed(),
        graph => graph.Activate(),
        graph => graph.Activate(),
        graph => graph.Clip(),
        graph => graph.Residual(),
        graph => graph.Branches(),
        graph => graph.Pool(),
        graph => graph.Pad(),
        graph => graph.Shuffle(),
        graph => graph.SplitAndJoin(),
        graph => graph.AddConstant(),
        graph => graph.Gate(),
        graph => graph.Tap(),
        graph => graph.SharedWeights(),
        graph => graph.Normalize(),
        graph => graph.Blocks(),
        graph => graph.MatMulOverChannels(),
        graph => graph.Multiply(),
        graph => graph.SliceChannels(),
        graph => graph.GatherChannels(),
        graph => graph.Resize(),
        graph => graph.Unknown(),
    ];

    public static int Kinds => Pieces.Length;

    public static ModelProto Build(IEnumerable<int> pieces, int seed)
    {
        var graph = new RandomGraph(seed);
        foreach (var piece in pieces) Pieces[piece](graph);
        graph.Finish();
        return graph._builder.Model;
    }

    public static float[] Input(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 2 * 2 * 6 * 6).Select(_ => (float)(random.NextDouble() * 4 - 2))];
    }

    private int Pick(params int[] values) => values[_random.Next(values.Length)];

    private bool Chance(double probability) => _random.NextDouble() < probability;

    private string Name(string kind) => $"{kind}{_names++}";

    private string Weights(params long[] shape)
    {
        var name = Name("w");
        // Keeps activations near 1 whatever the depth.
        var scale = 1.7 / Math.Sqrt(Math.Max(1, shape.Skip(1).Aggregate(1L, (product, size) => product * size)));
        _builder.Constant(name, shape, [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (product, size) => product * size)).Select(_ => (float)((_random.NextDouble() * 2 - 1) * scale * 1.7))]);
        return name;
    }

    private string Apply(string operation, string[] inputs, params AttributeProto[] attributes)
    {
        var output = Name("t");
        _builder.Node(operation, inputs, output, attributes);
        return output;
    }

    private string[] WithBias(string weights, int channels) => Chance(0.7) ? [_tensor, weights, Weights(channels)] : [_tensor, weights];

    private void Convolve(int channels)
    {
        var kernel = Pick(1, 3);
        _tensor = Apply("Conv", WithBias(Weights(channels, _channels, kernel, kernel), channels), Ints("pads", kernel / 2, kernel / 2, kernel / 2, kernel / 2));
        _channels = channels;
    }

    private void Depthwise()
    {
        var channels = _channels * Pick(1, 1, 2);
        _tensor = Apply("Conv", WithBias(Weights(channels, 1, 3, 3), channels), Ints("pads", 1, 1, 1, 1), Int("group", _channels));
        _channels = channels;
    }

    private void Grouped()
    {
        var channels = Pick(4, 6);
        _tensor = Apply("Conv", WithBias(Weights(channels, _channels / 2, 1, 1), channels), Int("group", 2));
        _channels = channels;
    }

    private void Transposed()
    {
        var groups = Pick(1, 2);
        var channels = Pick(2, 4);
        _tensor = Apply("ConvTranspose", WithBias(Weights(_channels, channels / groups, 3, 3), channels), Ints("pads", 1, 1, 1, 1), Int("group", groups));
        _channels = channels;
    }

    private void Activate() => _tensor = Pick(0, 0, 0, 1, 2, 3, 4) switch
    {
        0 => Apply("Relu", [_tensor]),
        1 => Apply("LeakyRelu", [_tensor], Float("alpha", 0.2f)),
        2 => Apply("PRelu", [_tensor, Weights(_channels, 1, 1)]),
        3 => Apply("Tanh", [_tensor]),
        _ => Apply("Mul", [_tensor, Apply("Sigmoid", [_tensor])]),
    };

    private void Clip()
    {
        string Bound(float value)
        {
            var name = Name("bound");
            _builder.Constant(name, [], value);
            return name;
        }
        _tensor = Apply("Clip", Pick(0, 0, 1, 2) switch
        {
            0 => [_tensor, Bound(0), Bound(0.8f)],
            1 => [_tensor, Bound(-0.5f), Bound(0.6f)],
            _ => [_tensor, "", Bound(0.7f)],
        });
    }

    private void Residual()
    {
        var (start, channels) = (_tensor, _channels);
        for (var layer = Pick(1, 2, 3); layer > 0; layer--)
        {
            Convolve(layer == 1 ? channels : Pick(2, 4));
            if (layer > 1) _tensor = Apply("Relu", [_tensor]);
        }
        _tensor = Apply(new[] { "Add", "Add", "Sub", "Max", "Sum" }[_random.Next(5)], [start, _tensor]);
        // Two branches that cross: both meet in two sums.
        if (Chance(0.3)) _tensor = Apply("Add", [_tensor, start]);
    }

    private void Branches()
    {
        var start = (_tensor, _channels);
        var ends = new List<string>();
        var channels = 0;
        for (var branch = Pick(2, 3); branch > 0; branch--)
        {
            (_tensor, _channels) = start;
            if (branch > 1 || Chance(0.5)) Convolve(Pick(2, 4));
            if (Chance(0.5)) Activate();
            ends.Add(_tensor);
            channels += _channels;
        }
        _tensor = Apply("Concat", [.. ends], Int("axis", Chance(0.5) ? 1 : -3));
        _channels = channels;
    }

    private void Pool()
    {
        if (_size < 3) return;
        _tensor = Apply(Chance(0.5) ? "MaxPool" : "AveragePool", [_tensor], Ints("kernel_shape", 2, 2));
        _size--;
    }

    private void Pad()
    {
        if (_size > 8) return;
        var value = Name("fill");
        _builder.Constant(value, [], Chance(0.6) ? 0 : 0.3f).Integers(Name("pads"), 0, 0, 1, 0, 0, 0, 0, 1);
        _tensor = Apply("Pad", [_tensor, $"pads{_names - 1}", value]);
        _size++;
    }

    private string Shape(params long[] sizes)
    {
        var name = Name("shape");
        _builder.Integers(name, sizes);
        return name;
    }

    private void Shuffle()
    {
        var cut = Apply("Reshape", [_tensor, Shape(0, 2, _channels / 2, _size, _size)]);
        _tensor = Apply("Reshape", [Apply("Transpose", [cut], Ints("perm", 0, 2, 1, 3, 4)), Shape(0, _channels, _size, _size)]);
    }

    private void SplitAndJoin()
    {
        var (left, right) = (Name("t"), Name("t"));
        _builder.Node("Split", [_tensor, Shape(1, _channels - 1)], [left, right], Int("axis", 1));
        if (Chance(0.5)) left = Apply("Relu", [left]);
        _tensor = Apply("Concat", Chance(0.5) ? [left, right] : [right, left], Int("axis", 1));
    }

    private void AddConstant() => _tensor = Apply(
        new[] { "Add", "Sub", "Mul", "Min" }[_random.Next(4)],
        Chance(0.7) ? [_tensor, Pick(0, 1, 2) switch { 0 => Weights(_channels, 1, 1), 1 => Weights(1), _ => Weights(1, _channels, _size, _size) }] : [Weights(_channels, 1, 1), _tensor]);

    private void Gate()
    {
        var (gated, channels) = (_tensor, _channels);
        _tensor = Apply("GlobalAveragePool", [_tensor]);
        Convolve(2);
        _tensor = Apply("Relu", [_tensor]);
        Convolve(channels);
        // A gate that is nearly shut is known to 3e-8 of one only, and all that it lets through as badly: see the sigmoid of ONNX Runtime.
        var (low, high) = (Name("bound"), Name("bound"));
        _builder.Constant(low, [], -3).Constant(high, [], 3);
        _tensor = Apply("Clip", [_tensor, low, high]);
        var gate = Apply(Chance(0.5) ? "Sigmoid" : "HardSigmoid", [_tensor]);
        _tensor = Apply("Mul", Chance(0.5) ? [gated, gate] : [gate, gated]);
    }

    private void Tap()
    {
        if (_tensor != "x") _builder.Output(_tensor);
        // A tensor may be an output once only.
        _tensor = _tensor == "x" ? "x" : Apply("Relu", [_tensor]);
    }

    private void SharedWeights()
    {
        if (_channels != 4) Convolve(4);
        _shared ??= Weights(4, 4, 1, 1);
        _tensor = Apply("Conv", [Apply("Relu", [Apply("Conv", [_tensor, _shared])]), _shared]);
    }

    private void Normalize()
    {
        var variance = Name("variance");
        _builder.Constant(variance, [_channels], [.. Enumerable.Range(0, _channels).Select(_ => 0.3f + (float)_random.NextDouble())]);
        _tensor = Apply("BatchNormalization", [_tensor, Weights(_channels), Weights(_channels), Weights(_channels), variance]);
    }

    private void Blocks()
    {
        if (Chance(0.5) && _channels % 4 == 0 && _size <= 6)
        {
            _tensor = Apply("DepthToSpace", [_tensor], Int("blocksize", 2), new AttributeProto
            {
                Name = "mode", S = Google.Protobuf.ByteString.CopyFromUtf8(Chance(0.5) ? "DCR" : "CRD"), Type = AttributeProto.Types.AttributeType.String,
            });
            (_channels, _size) = (_channels / 4, _size * 2);
            // Later pieces cut channels in two.
            if (_channels % 2 == 1) Convolve(2);
        }
        else if (_size % 2 == 0 && _channels <= 8)
        {
            _tensor = Apply("SpaceToDepth", [_tensor], Int("blocksize", 2));
            (_channels, _size) = (_channels * 4, _size / 2);
        }
    }

    private void MatMulOverChannels()
    {
        var last = Apply("Transpose", [_tensor], Ints("perm", 0, 2, 3, 1));
        var product = Apply("MatMul", [last, Weights(_channels, 4)]);
        if (Chance(0.5)) product = Apply("Add", [product, Weights(4)]);
        _tensor = Apply("Transpose", [Apply("Relu", [product])], Ints("perm", 0, 3, 1, 2));
        _channels = 4;
    }

    private void Multiply()
    {
        var start = _tensor;
        var channels = _channels;
        Convolve(channels);
        _tensor = Apply("Mul", Pick(0, 1, 2) switch { 0 => [_tensor, _tensor], 1 => [start, _tensor], _ => [_tensor, start] });
    }

    private void SliceChannels()
    {
        if (_channels < 4) return;
        _tensor = Apply("Slice", [_tensor, Shape(1), Shape(Chance(0.5) ? 3 : 3 - _channels), Shape(1)]);
        _channels = 2;
        Convolve(4);
    }

    private void GatherChannels() => _tensor = Apply("Gather", [_tensor, Shape([.. Enumerable.Range(0, _channels).Select(channel => (long)(_channels - 1 - channel))])], Int("axis", 1));

    private void Resize()
    {
        if (_size > 6) return;
        if (Chance(0.5))
        {
            var scales = Name("scales");
            _builder.Constant(scales, [4], 1, 1, 2, 2);
            _tensor = Apply("Resize", [_tensor, "", scales]);
        }
        else
        {
            // To twice a size that the graph itself finds out, as exported interpolations to the size of another tensor do.
            _tensor = Apply("Resize", [_tensor, "", "", Apply("Mul", [Apply("Shape", [_tensor]), Shape(1, 1, 2, 2)])]);
        }
        _size *= 2;
    }

    private void Unknown() => _tensor = Apply("Softplus", [_tensor]);

    private void Finish()
    {
        if (Chance(0.5)) _tensor = Apply("Relu", [_tensor]);
        var features = _channels;
        if (Chance(0.5)) _tensor = Apply("GlobalAveragePool", [_tensor]);
        else features = _channels * _size * _size;
        _tensor = Apply("Flatten", [_tensor]);
        if (Chance(0.5))
        {
            _tensor = Apply("Relu", [Apply("Gemm", [_tensor, Weights(5, features), Weights(5)], Int("transB", 1))]);
            features = 5;
        }
        _builder.Node(Chance(0.5) ? "Gemm" : "MatMul", [_tensor, Weights(features, 3)], "y").Output("y");
    }
}
