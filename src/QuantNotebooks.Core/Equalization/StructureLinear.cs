using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Equalization;

/// <summary>
/// A linear operator with constant weights: with t the factors of its input channels, every weight must be w' = s w / t with one s an output channel, and
/// the bias b' = s b. The s of a channel is read off its largest weight, and all others are checked against it.
/// </summary>
internal sealed class StructureLinear
{
    private readonly FactorTensors _tensors;
    private readonly NodeProto _node;
    private readonly float[] _old;
    private readonly float[] _scaled;
    private readonly float[]? _oldBias;
    private readonly float[]? _scaledBias;
    private readonly int _outputs;
    private readonly int _axis;
    private readonly Func<int, (int Output, int Input)> _channels;

    private StructureLinear(
        FactorTensors tensors, NodeProto node, TensorProto old, TensorProto scaled, (float[]? Old, float[]? Scaled) bias, int outputs, int axis, Func<int, (int, int)> channels)
    {
        (_tensors, _node, _outputs, _axis, _channels) = (tensors, node, outputs, axis, channels);
        (_old, _scaled) = (TensorData.Floats(TensorData.ToRawFloats(old)!).ToArray(), TensorData.Floats(TensorData.ToRawFloats(scaled)!).ToArray());
        (_oldBias, _scaledBias) = bias;
    }

    /// <summary>The operator, or null for a form whose weights are no matrix between channels.</summary>
    public static StructureLinear? Of(Graph before, Graph after, FactorTensors tensors, NodeProto node, NodeProto other, TensorProto old, TensorProto scaled)
    {
        if (!old.Dims.Equals(scaled.Dims) || old.Dims.Count < 2) return null;
        var (rows, columns, taps) = ((int)old.Dims[0], (int)old.Dims[1], (int)FactorTensors.Count([.. old.Dims.Skip(2)]));
        var groups = (int)node.Int("group", 1);
        (int Outputs, int Axis, Func<int, (int, int)> Channels)? form = node.OpType switch
        {
            "Conv" => (rows, 1, index => (index / (columns * taps), index / (columns * taps) / (rows / groups) * columns + index / taps % columns)),
            "ConvTranspose" => (columns * groups, 1, index => (index / (columns * taps) / (rows / groups) * columns + index / taps % columns, index / (columns * taps))),
            "Gemm" when node.Int("transA", 0) == 0 && node.Int("transB", 0) == 1 => (rows, 1, index => (index / columns, index % columns)),
            "Gemm" when node.Int("transA", 0) == 0 => (columns, 1, index => (index % columns, index / columns)),
            "MatMul" when old.Dims.Count == 2 => (columns, -1, index => (index % columns, index / columns)),
            _ => null,
        };
        if (form is not var (outputs, axis, channels)) return null;
        var bias = ((float[]?)null, (float[]?)null);
        if (node.InputOrNull(2) is { } name)
        {
            if (before.Constant(name) is not { } oldBias || after.Constant(other.InputOrNull(2)) is not { } scaledBias) return null;
            long[] shape = [1, outputs];
            bias = (StructureRules.Broadcast(oldBias, shape), StructureRules.Broadcast(scaledBias, shape));
        }
        else if (other.InputOrNull(2) is not null) return null;
        return new StructureLinear(tensors, node, old, scaled, bias, outputs, axis, channels);
    }

    public string? Apply()
    {
        if (_tensors.PerChannel(_node.Input[0], _axis) is not { } inputs) return "positions of one channel have different factors";
        var (outputs, largest) = (new float[_outputs], new float[_outputs]);
        Array.Fill(outputs, float.NaN);
        for (var index = 0; index < _old.Length; index++)
        {
            var (output, input) = _channels(index);
            if (float.IsNaN(inputs[input]) || IsNothing(index) || Math.Abs(_old[index]) <= largest[output]) continue;
            (largest[output], outputs[output]) = (Math.Abs(_old[index]), (float)((double)_scaled[index] / _old[index] * inputs[input]));
        }
        for (var index = 0; index < _old.Length; index++)
        {
            var (output, input) = _channels(index);
            if (float.IsNaN(inputs[input]) || IsNothing(index)) continue;
            if (_old[index] == 0 ? _scaled[index] != 0 : !FactorTensors.Same(_old[index] * outputs[output] / inputs[input], _scaled[index]))
                return FormattableString.Invariant($"its weights between channels {input} and {output} were not scaled as the others of channel {output}");
        }
        for (var output = 0; output < outputs.Length && _oldBias is not null; output++)
        {
            if (_oldBias[output] == 0 && _scaledBias![output] == 0) continue;
            if (float.IsNaN(outputs[output])) outputs[output] = _scaledBias![output] / _oldBias[output];
            if (!FactorTensors.Same(_oldBias[output] * outputs[output], _scaledBias![output])) return FormattableString.Invariant($"the bias of channel {output} was not scaled as its weights");
        }
        if (Array.Exists(outputs, factor => factor <= 0)) return "a factor is not positive";
        _tensors.SetPerChannel(_node.Output[0], _axis, outputs);
        return null;
    }

    // Below 1.2e-38 a float has too few digits left to tell a factor, and whatever it is multiplied by stays below any rounding.
    private bool IsNothing(int index) => !float.IsNormal(_old[index]) || !float.IsNormal(_scaled[index]);
}
