using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Training.Tests.Gradients;

/// <summary>A tensor of doubles, row-major.</summary>
internal sealed record Doubles(long[] Shape, double[] Values)
{
    public int Rank => Shape.Length;

    public static Doubles Fill(long[] shape, Func<long[], double> value)
    {
        var values = new double[Size(shape)];
        for (var flat = 0; flat < values.Length; flat++) values[flat] = value(Position(shape, flat));
        return new Doubles(shape, values);
    }

    /// <summary>The element at a position; positions outside give the value for outside.</summary>
    public double At(long[] position, double outside = 0)
    {
        long flat = 0;
        for (var axis = 0; axis < Rank; axis++)
        {
            if (position[axis] < 0 || position[axis] >= Shape[axis]) return outside;
            flat = flat * Shape[axis] + position[axis];
        }
        return Values[flat];
    }

    /// <summary>The element that broadcasting to a larger shape puts at a position.</summary>
    public double Broadcast(long[] position)
    {
        var at = new long[Rank];
        for (var axis = 0; axis < Rank; axis++) at[axis] = Shape[axis] == 1 ? 0 : position[axis + position.Length - Rank];
        return At(at);
    }

    public static long Size(IEnumerable<long> shape) => shape.Aggregate(1L, (product, dimension) => product * dimension);

    public static long[] Position(long[] shape, long flat)
    {
        var position = new long[shape.Length];
        for (var axis = shape.Length - 1; axis >= 0; axis--) (flat, position[axis]) = Math.DivRem(flat, shape[axis]);
        return position;
    }

    public static IEnumerable<long[]> Positions(long[] shape)
    {
        for (long flat = 0; flat < Size(shape); flat++) yield return Position(shape, flat);
    }
}

/// <summary>
/// What each operator computes, written down from the ONNX standard in double precision, element by element: slow, plain, and with nothing in
/// common with the code under test.
/// </summary>
internal static class ScalarReference
{
    public static Doubles Run(NodeProto node, IReadOnlyList<Doubles?> inputs, long[] outputShape, int output)
    {
        var x = inputs[0]!;
        return node.OpType switch
        {
            "Conv" => Conv(node, x, inputs[1]!, inputs.ElementAtOrDefault(2), outputShape),
            "ConvTranspose" => ConvTranspose(node, x, inputs[1]!, inputs.ElementAtOrDefault(2), outputShape),
            "Gemm" => Gemm(node, x, inputs[1]!, inputs.ElementAtOrDefault(2), outputShape),
            "MatMul" => MatMul(x, inputs[1]!, outputShape),
            "Add" or "Sum" => Each(inputs, outputShape, values => values.Sum()),
            "Sub" => Each(inputs, outputShape, values => values[0] - values[1]),
            "Mul" => Each(inputs, outputShape, values => values[0] * values[1]),
            "Div" => Each(inputs, outputShape, values => values[0] / values[1]),
            "Pow" => Each(inputs, outputShape, values => Math.Pow(values[0], values[1])),
            "Min" => Each(inputs, outputShape, values => values.Min()),
            "Max" => Each(inputs, outputShape, values => values.Max()),
            "PRelu" => Each(inputs, outputShape, values => values[0] > 0 ? values[0] : values[0] * values[1]),
            "Sqrt" => Map(x, Math.Sqrt),
            "Neg" => Map(x, value => -value),
            "Exp" => Map(x, Math.Exp),
            "Log" => Map(x, Math.Log),
            "Reciprocal" => Map(x, value => 1 / value),
            "Abs" => Map(x, Math.Abs),
            "Erf" => Map(x, Erf),
            "Identity" => x,
            "Relu" => Map(x, value => Math.Max(0, value)),
            "LeakyRelu" => Map(x, value => value > 0 ? value : node.Float("alpha", 0.01f) * value),
            "Clip" => Map(x, value => Math.Min(Math.Max(value, inputs.ElementAtOrDefault(1)?.Values[0] ?? double.NegativeInfinity), inputs.ElementAtOrDefault(2)?.Values[0] ?? double.PositiveInfinity)),
            "Sigmoid" => Map(x, value => 1 / (1 + Math.Exp(-value))),
            "Tanh" => Map(x, Math.Tanh),
            "HardSigmoid" => Map(x, value => Math.Clamp(node.Float("alpha", 0.2f) * value + node.Float("beta", 0.5f), 0, 1)),
            "HardSwish" => Map(x, value => value * Math.Clamp(value / 6 + 0.5, 0, 1)),
            "Elu" => Map(x, value => value > 0 ? value : node.Float("alpha", 1) * (Math.Exp(value) - 1)),
            "Softplus" => Map(x, value => Math.Log(1 + Math.Exp(value))),
            "Gelu" => Map(x, value => node.Attribute("approximate")?.S.ToStringUtf8() == "tanh"
                ? 0.5 * value * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (value + 0.044715 * value * value * value)))
                : 0.5 * value * (1 + Erf(value / Math.Sqrt(2)))),
            "Softmax" => Softmax(x, node.Int("axis", -1)),
            "LogSoftmax" => Map(Softmax(x, node.Int("axis", -1)), Math.Log),
            "MaxPool" => Pool(node, x, outputShape, values => values.Max(), countsPads: false),
            "AveragePool" => Pool(node, x, outputShape, values => values.Average(), node.Int("count_include_pad", 0) == 1),
            "GlobalAveragePool" => Reduce(x, outputShape, position => [position[0], position[1]], values => values.Average()),
            "GlobalMaxPool" => Reduce(x, outputShape, position => [position[0], position[1]], values => values.Max()),
            "Reshape" or "Flatten" or "Squeeze" or "Unsqueeze" => new Doubles(outputShape, x.Values),
            "Transpose" => Transpose(node, x, outputShape),
            "Concat" => Concat(node, inputs!, outputShape),
            "Split" => Doubles.Fill(outputShape, position => x.At(Moved(position, Axis(node, x, 0),
                inputs.ElementAtOrDefault(1) is { } sizes ? (long)sizes.Values[..output].Sum() : output * outputShape[Axis(node, x, 0)]))),
            "Slice" => Slice(x, inputs, outputShape),
            "Pad" => Doubles.Fill(outputShape, position => x.At([.. position.Select((index, axis) => index - (long)inputs[1]!.Values[axis])], inputs.ElementAtOrDefault(2)?.Values[0] ?? 0)),
            "Expand" => Doubles.Fill(outputShape, x.Broadcast),
            "Gather" => Gather(x, inputs[1]!, Axis(node, x, 0), outputShape),
            "Resize" or "Upsample" => Resize(node, x, inputs, outputShape),
            "ReduceSum" => ReduceAxes(x, inputs.ElementAtOrDefault(1)?.Values.Select(axis => (long)axis), outputShape, values => values.Sum()),
            "ReduceMean" => ReduceAxes(x, node.Attribute("axes")?.Ints, outputShape, values => values.Average()),
            "LayerNormalization" => LayerNormalization(node, x, inputs[1]!, inputs[2]!),
            "InstanceNormalization" => InstanceNormalization(node, x, inputs[1]!, inputs[2]!),
            "BatchNormalization" => Doubles.Fill(outputShape, position =>
                (x.At(position) - inputs[3]!.Values[position[1]]) / Math.Sqrt(inputs[4]!.Values[position[1]] + node.Float("epsilon", 1e-5f))
                * inputs[1]!.Values[position[1]] + inputs[2]!.Values[position[1]]),
            _ => throw new NotSupportedException(node.OpType),
        };
    }

    private static Doubles Map(Doubles x, Func<double, double> function) => new(x.Shape, Array.ConvertAll(x.Values, value => function(value)));

    private static Doubles Each(IReadOnlyList<Doubles?> inputs, long[] shape, Func<double[], double> function) =>
        Doubles.Fill(shape, position => function([.. inputs.Select(input => input!.Broadcast(position))]));

    /// <summary>2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x, by Simpson's rule.</summary>
    private static double Erf(double x)
    {
        const int intervals = 400;
        var sum = 0.0;
        for (var index = 0; index <= intervals; index++)
        {
            var t = x * index / intervals;
            sum += Math.Exp(-t * t) * (index is 0 or intervals ? 1 : index % 2 == 1 ? 4 : 2);
        }
        return 2 / Math.Sqrt(Math.PI) * sum * x / intervals / 3;
    }

    private static long[] Spatial(NodeProto node, string name, int axes, long otherwise) =>
        node.Ints(name) is { Length: > 0 } values ? [.. values] : Enumerable.Repeat(otherwise, axes).ToArray();

    /// <summary>Zeros before each axis, from the standard's formulas for explicit and automatic pads.</summary>
    private static long[] PadsBefore(NodeProto node, long[] kernel, long[] large, long[] small)
    {
        var axes = kernel.Length;
        var (strides, dilations) = (Spatial(node, "strides", axes, 1), Spatial(node, "dilations", axes, 1));
        var mode = node.Attribute("auto_pad")?.S.ToStringUtf8();
        if (mode is null or "NOTSET") return Spatial(node, "pads", 2 * axes, 0)[..axes];
        if (mode == "VALID") return new long[axes];
        return [.. Enumerable.Range(0, axes).Select(axis =>
        {
            var total = Math.Max(0, strides[axis] * (small[axis + 2] - 1) + (kernel[axis] - 1) * dilations[axis] + 1 - large[axis + 2]);
            return mode == "SAME_UPPER" ? total / 2 : total - total / 2;
        })];
    }

    private static Doubles Conv(NodeProto node, Doubles x, Doubles w, Doubles? bias, long[] shape)
    {
        var kernel = w.Shape[2..];
        var (strides, dilations) = (Spatial(node, "strides", kernel.Length, 1), Spatial(node, "dilations", kernel.Length, 1));
        var before = PadsBefore(node, kernel, x.Shape, shape);
        var perGroup = w.Shape[0] / node.Int("group", 1);
        var taps = Doubles.Positions(kernel).ToArray();
        return Doubles.Fill(shape, position =>
        {
            var sum = bias?.Values[position[1]] ?? 0;
            var from = new long[x.Rank];
            from[0] = position[0];
            for (long channel = 0; channel < w.Shape[1]; channel++)
                for (var tap = 0; tap < taps.Length; tap++)
                {
                    from[1] = position[1] / perGroup * w.Shape[1] + channel;
                    for (var axis = 0; axis < kernel.Length; axis++) from[axis + 2] = position[axis + 2] * strides[axis] - before[axis] + taps[tap][axis] * dilations[axis];
                    sum += w.Values[(position[1] * w.Shape[1] + channel) * taps.Length + tap] * x.At(from);
                }
            return sum;
        });
    }

    private static Doubles ConvTranspose(NodeProto node, Doubles x, Doubles w, Doubles? bias, long[] shape)
    {
        var kernel = w.Shape[2..];
        var (strides, dilations) = (Spatial(node, "strides", kernel.Length, 1), Spatial(node, "dilations", kernel.Length, 1));
        var before = PadsBefore(node, kernel, shape, x.Shape);
        var perGroup = x.Shape[1] / node.Int("group", 1);
        var taps = Doubles.Positions(kernel).ToArray();
        var result = Doubles.Fill(shape, position => bias?.Values[position[1]] ?? 0);
        for (var index = 0; index < x.Values.Length; index++)
        {
            var position = Doubles.Position(x.Shape, index);
            for (long channel = 0; channel < w.Shape[1]; channel++)
                for (var tap = 0; tap < taps.Length; tap++)
                {
                    var to = position[0] * shape[1] + position[1] / perGroup * w.Shape[1] + channel;
                    var inside = true;
                    for (var axis = 0; axis < kernel.Length; axis++)
                    {
                        var at = position[axis + 2] * strides[axis] - before[axis] + taps[tap][axis] * dilations[axis];
                        inside &= at >= 0 && at < shape[axis + 2];
                        to = to * shape[axis + 2] + at;
                    }
                    if (inside) result.Values[to] += x.Values[index] * w.Values[(position[1] * w.Shape[1] + channel) * taps.Length + tap];
                }
        }
        return result;
    }

    private static Doubles Gemm(NodeProto node, Doubles a, Doubles b, Doubles? c, long[] shape)
    {
        var (left, right) = (node.Int("transA", 0) == 1, node.Int("transB", 0) == 1);
        return Doubles.Fill(shape, position =>
        {
            var sum = 0.0;
            for (long inner = 0; inner < a.Shape[left ? 0 : 1]; inner++)
                sum += a.At(left ? [inner, position[0]] : [position[0], inner]) * b.At(right ? [position[1], inner] : [inner, position[1]]);
            return node.Float("alpha", 1) * sum + node.Float("beta", 1) * (c?.Broadcast(position) ?? 0);
        });
    }

    private static Doubles MatMul(Doubles a, Doubles b, long[] shape)
    {
        var left = a.Rank == 1 ? a with { Shape = [1, a.Shape[0]] } : a;
        var right = b.Rank == 1 ? b with { Shape = [b.Shape[0], 1] } : b;
        return Doubles.Fill(shape, position =>
        {
            var full = position.ToList();
            if (b.Rank == 1) full.Add(0);
            if (a.Rank == 1) full.Insert(full.Count - 1, 0);
            var sum = 0.0;
            for (long inner = 0; inner < left.Shape[^1]; inner++)
                sum += left.Broadcast([.. full[..^1], inner]) * right.Broadcast([.. full[..^2], inner, full[^1]]);
            return sum;
        });
    }

    private static Doubles Softmax(Doubles x, long axis)
    {
        if (axis < 0) axis += x.Rank;
        return Doubles.Fill(x.Shape, position =>
        {
            var sum = 0.0;
            for (long index = 0; index < x.Shape[axis]; index++)
            {
                var other = position.ToArray();
                other[axis] = index;
                sum += Math.Exp(x.At(other));
            }
            return Math.Exp(x.At(position)) / sum;
        });
    }

    private static Doubles Pool(NodeProto node, Doubles x, long[] shape, Func<IEnumerable<double>, double> of, bool countsPads)
    {
        long[] kernel = [.. node.Ints("kernel_shape")];
        var axes = kernel.Length;
        var (strides, dilations, pads) = (Spatial(node, "strides", axes, 1), Spatial(node, "dilations", axes, 1), Spatial(node, "pads", 2 * axes, 0));
        var before = PadsBefore(node, kernel, x.Shape, shape);
        return Doubles.Fill(shape, position =>
        {
            var held = new List<double>();
            foreach (var tap in Doubles.Positions(kernel))
            {
                long[] at = [.. tap.Select((t, axis) => position[axis + 2] * strides[axis] - before[axis] + t * dilations[axis])];
                var inside = at.Select((index, axis) => index >= 0 && index < x.Shape[axis + 2]).All(yes => yes);
                var padded = at.Select((index, axis) => index < x.Shape[axis + 2] + pads[axis + axes]).All(yes => yes);
                if (inside || countsPads && padded) held.Add(x.At([position[0], position[1], .. at]));
            }
            return of(held);
        });
    }

    private static Doubles Reduce(Doubles x, long[] shape, Func<long[], long[]> key, Func<IEnumerable<double>, double> of)
    {
        var groups = Doubles.Positions(x.Shape).Zip(x.Values).GroupBy(pair => string.Join(",", key(pair.First)))
            .ToDictionary(group => group.Key, group => of(group.Select(pair => pair.Second)));
        return new Doubles(shape, [.. groups.Values]);
    }

    private static Doubles ReduceAxes(Doubles x, IEnumerable<long>? axes, long[] shape, Func<IEnumerable<double>, double> of)
    {
        var gone = (axes?.Select(axis => axis < 0 ? axis + x.Rank : axis) ?? Enumerable.Range(0, x.Rank).Select(axis => (long)axis)).ToHashSet();
        return Reduce(x, shape, position => [.. position.Where((_, axis) => !gone.Contains(axis))], of);
    }

    private static Doubles Transpose(NodeProto node, Doubles x, long[] shape)
    {
        var permutation = node.Ints("perm") is { Length: > 0 } given ? [.. given.Select(axis => (int)axis)] : Enumerable.Range(0, x.Rank).Reverse().ToArray();
        return Doubles.Fill(shape, position =>
        {
            var from = new long[x.Rank];
            for (var axis = 0; axis < x.Rank; axis++) from[permutation[axis]] = position[axis];
            return x.At(from);
        });
    }

    private static Doubles Concat(NodeProto node, IReadOnlyList<Doubles> inputs, long[] shape)
    {
        var axis = Axis(node, inputs[0], 1);
        return Doubles.Fill(shape, position =>
        {
            var index = position[axis];
            foreach (var input in inputs)
            {
                if (index < input.Shape[axis]) return input.At([.. position.Select((p, a) => a == axis ? index : p)]);
                index -= input.Shape[axis];
            }
            throw new InvalidOperationException();
        });
    }

    private static Doubles Slice(Doubles x, IReadOnlyList<Doubles?> inputs, long[] shape)
    {
        var (first, strides) = (new long[x.Rank], Enumerable.Repeat(1L, x.Rank).ToArray());
        for (var index = 0; index < inputs[1]!.Values.Length; index++)
        {
            var axis = inputs.Count > 3 ? (int)inputs[3]!.Values[index] : index;
            if (axis < 0) axis += x.Rank;
            var start = inputs[1]!.Values[index];
            if (start < 0) start += x.Shape[axis];
            strides[axis] = inputs.Count > 4 ? (long)inputs[4]!.Values[index] : 1;
            first[axis] = (long)Math.Clamp(start, 0, strides[axis] < 0 ? x.Shape[axis] - 1 : x.Shape[axis]);
        }
        return Doubles.Fill(shape, position => x.At([.. position.Select((index, axis) => first[axis] + index * strides[axis])]));
    }

    /// <summary>Interpolation along each axis in turn. Before operator set 11, which no node says, there is only "asymmetric" and no attribute for it.</summary>
    private static Doubles Resize(NodeProto node, Doubles x, IReadOnlyList<Doubles?> inputs, long[] shape)
    {
        var axes = node.Ints("axes") is { Length: > 0 } given ? given.Select(axis => (int)(axis < 0 ? axis + x.Rank : axis)).ToArray() : [.. Enumerable.Range(0, x.Rank)];
        var sized = inputs.ElementAtOrDefault(3) is not null;
        var scales = inputs.Count switch
        {
            1 => [.. node.Attribute("scales")!.Floats.Select(scale => (double)scale)],
            2 => inputs[1]!.Values,
            _ => inputs[2]?.Values ?? [],
        };
        var mode = node.Attribute("mode")?.S.ToStringUtf8() ?? "nearest";
        var positions = node.Attribute("coordinate_transformation_mode")?.S.ToStringUtf8() ?? (inputs.Count < 3 ? "asymmetric" : "half_pixel");
        for (var index = 0; index < axes.Length; index++)
        {
            var axis = axes[index];
            var (size, length) = (x.Shape[axis], shape[axis]);
            var scale = sized ? (double)length / size : (float)scales[index];
            var from = x;
            x = Doubles.Fill([.. x.Shape[..axis], length, .. x.Shape[(axis + 1)..]], position =>
            {
                var at = positions switch
                {
                    "asymmetric" => position[axis] / scale,
                    "align_corners" => length == 1 ? 0 : position[axis] * (size - 1) / (double)(length - 1),
                    "pytorch_half_pixel" when length == 1 => 0,
                    _ => (position[axis] + 0.5) / scale - 0.5,
                };
                if (mode == "nearest") return At(inputs.Count < 3 && scale < 1 ? Math.Ceiling(at) : Math.Floor(at)); // of old operator sets, ONNX Runtime's way
                if (mode == "linear") at = Math.Clamp(at, 0, size - 1);
                var below = Math.Floor(at);
                var part = at - below;
                if (mode == "linear") return (1 - part) * At(below) + part * At(below + 1);
                const double a = -0.75;
                return Enumerable.Range(-1, 4).Sum(tap => Cubic(Math.Abs(part - tap)) * At(below + tap));

                double At(double index)
                {
                    var there = position.ToArray();
                    there[axis] = (long)Math.Clamp(index, 0, size - 1);
                    return from.At(there);
                }

                static double Cubic(double d) => d <= 1 ? (a + 2) * d * d * d - (a + 3) * d * d + 1 : d < 2 ? a * d * d * d - 5 * a * d * d + 8 * a * d - 4 * a : 0;
            });
        }
        return x;
    }

    private static Doubles Gather(Doubles x, Doubles indices, int axis, long[] shape) => Doubles.Fill(shape, position =>
    {
        var index = (long)indices.At([.. position[axis..(axis + indices.Rank)]]);
        return x.At([.. position[..axis], index < 0 ? index + x.Shape[axis] : index, .. position[(axis + indices.Rank)..]]);
    });

    private static Doubles LayerNormalization(NodeProto node, Doubles x, Doubles scale, Doubles bias)
    {
        var width = x.Shape[^1];
        return Doubles.Fill(x.Shape, position =>
        {
            var row = Enumerable.Range(0, (int)width).Select(index => x.At([.. position[..^1], index])).ToArray();
            var mean = row.Average();
            var variance = row.Average(value => (value - mean) * (value - mean));
            return (x.At(position) - mean) / Math.Sqrt(variance + node.Float("epsilon", 1e-5f)) * scale.Values[position[^1]] + bias.Values[position[^1]];
        });
    }

    private static Doubles InstanceNormalization(NodeProto node, Doubles x, Doubles scale, Doubles bias)
    {
        var plane = x.Values.Length / (int)(x.Shape[0] * x.Shape[1]);
        return Doubles.Fill(x.Shape, position =>
        {
            var values = x.Values.Skip((int)(position[0] * x.Shape[1] + position[1]) * plane).Take(plane).ToArray();
            var mean = values.Average();
            var variance = values.Average(value => (value - mean) * (value - mean));
            return (x.At(position) - mean) / Math.Sqrt(variance + node.Float("epsilon", 1e-5f)) * scale.Values[position[1]] + bias.Values[position[1]];
        });
    }

    private static int Axis(NodeProto node, Doubles x, long otherwise) => (int)(node.Int("axis", otherwise) is < 0 and var axis ? axis + x.Rank : node.Int("axis", otherwise));

    private static long[] Moved(long[] position, int axis, long by)
    {
        var moved = position.ToArray();
        moved[axis] += by;
        return moved;
    }
}
