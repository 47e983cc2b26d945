using System.Globalization;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Shift;

/// <summary>
/// One of several parts into which a measurement's images are cut, to be measured by processes of their own. Parts are cut between batches, so
/// that each batch is computed as one process alone would compute it.
/// </summary>
/// <param name="Number">Which part, from 1.</param>
/// <param name="Count">How many parts there are.</param>
public readonly record struct Shard(int Number, int Count)
{
    /// <summary>Reads "3/16", the third of sixteen parts.</summary>
    public static bool TryParse(string text, out Shard shard)
    {
        ArgumentNullException.ThrowIfNull(text);
        shard = default;
        if (text.Split('/') is not [var first, var second]
            || !int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || !int.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            || number < 1 || number > count) return false;
        shard = new Shard(number, count);
        return true;
    }

    /// <summary>Position of the part's first image in the set, and the number of its images.</summary>
    /// <param name="network">The network that is measured.</param>
    /// <param name="images">The whole set.</param>
    /// <exception cref="QuantNotebooksException">There are more parts than batches, or the images don't fit the network.</exception>
    public (int First, int Images) Of(Network network, ImageSet images)
    {
        ArgumentNullException.ThrowIfNull(images);
        var batches = new ImageBatches(network, images);
        if (Count > batches.Count)
            throw new QuantNotebooksException(string.Create(CultureInfo.InvariantCulture,
                $"{Count} shards are too many: the {images.Count} images of '{images.Name}' make {batches.Count} batches of {batches.BatchSize} for '{network.Name}', and a batch is not cut."));
        var first = (int)((long)batches.Count * (Number - 1) / Count) * batches.BatchSize;
        var next = Math.Min(images.Count, (int)((long)batches.Count * Number / Count) * batches.BatchSize);
        return (first, next - first);
    }

    /// <summary>For example "3/16".</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Number}/{Count}");
}
