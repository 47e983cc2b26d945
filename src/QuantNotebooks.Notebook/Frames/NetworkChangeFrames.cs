using Deedle;
using QuantNotebooks.Equalization;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>Absorptions and removals as Deedle frames.</summary>
public static class NetworkChangeFrames
{
    /// <summary>One row a layer with batch normalization: how many channels gave how much to whom, or why none did.</summary>
    /// <param name="result">The absorption.</param>
    public static Frame<int, string> ToFrame(this HighBiasResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return new FrameColumns<AbsorbedBias>(result.Layers)
            .Add("layer", layer => layer.Layer)
            .Add("channels", layer => layer.Absorbed.Count(value => value > 0))
            .Add("largest", layer => layer.Absorbed.IsEmpty ? double.NaN : layer.Absorbed.Max())
            .Add("taken up by", layer => new NameList(layer.Readers))
            .Add("left alone because", layer => layer.Skipped ?? "").Frame;
    }

    /// <summary>One row a dead channel.</summary>
    /// <param name="result">The removal.</param>
    public static Frame<int, string> ToFrame(this DeadChannelResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return new FrameColumns<EliminatedChannel>(result.Channels)
            .Add("layer", channel => channel.Layer)
            .Add("channel", channel => channel.Channel)
            .Add("constant", channel => channel.Constant)
            .Add("taken up by", channel => new NameList(channel.Readers))
            .Add("still made because", channel => channel.Kept ?? "").Frame;
    }
}
