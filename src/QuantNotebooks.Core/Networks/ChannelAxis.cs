using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Networks;

/// <summary>Where the channels of a computed tensor lie, so that constants which broadcast along them are told from others.</summary>
/// <param name="Channels">Their number; 0 where it is not known.</param>
/// <param name="AxesBehind">Axes behind the channels': 2 in [N, C, H, W], 0 in [N, C].</param>
/// <param name="Rank">Number of axes; 0 where it is not known, and then at least <paramref name="AxesBehind"/> + 1.</param>
internal readonly record struct ChannelAxis(int Channels, int AxesBehind, int Rank)
{
    /// <summary>Nothing is known: any constant that varies along one axis at most is taken for one value a channel.</summary>
    public static ChannelAxis Unknown { get; } = new(0, -1, 0);

    /// <summary>One value for all channels, or one a channel; null where the constant is none, varies along other axes, or would widen the tensor.</summary>
    public double[]? Values(TensorProto? constant)
    {
        if (constant is null || !TensorData.IsFloat(constant) || TensorData.ToRawFloats(constant) is not { } raw) return null;
        var values = TensorData.Floats(raw);
        var axes = constant.Dims.Count;
        if (Channels > 0 && axes > Math.Max(Rank, AxesBehind + 1)) return null;
        if (values.Length == 1) return [values[0]];
        if (Channels == 0) return values.Length > 0 && constant.Dims.Count(length => length != 1) == 1 ? [.. values] : null;
        if (values.Length != Channels || axes <= AxesBehind || constant.Dims[axes - 1 - AxesBehind] != Channels) return null;
        return [.. values];
    }

    /// <summary>The same with one value a channel always.</summary>
    public double[]? PerChannel(TensorProto? constant) =>
        Values(constant) is not { } values ? null : values.Length == Channels ? values : [.. Enumerable.Repeat(values[0], Channels)];
}
