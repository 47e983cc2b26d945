using QuantNotebooks.Networks;

namespace QuantNotebooks.Equalization;

/// <summary>A network that is another one but for float rounding, as a measure of what rounding alone does to its outputs.</summary>
internal static class LastBits
{
    /// <summary>Half a unit in the last place of a float32 as large as 1: what rounding a product moves it by at most.</summary>
    private const double Reach = 1.0 / (1 << 24);

    private const int Seed = 1;

    /// <summary>The network with each weight moved as far as a factor's rounding may move it, to the same place in every run.</summary>
    public static Network Moved(Network network)
    {
        var random = new Random(Seed);
        return network.With([.. network.Layers.Select(layer => new LayerChange(layer, Moved(layer.Weights, random), null))], network.Facts);
    }

    private static float[] Moved(ReadOnlySpan<float> weights, Random random)
    {
        var moved = new float[weights.Length];
        for (var index = 0; index < moved.Length; index++) moved[index] = (float)(weights[index] * (1 + Reach * ((2 * random.NextDouble()) - 1)));
        return moved;
    }
}
