using System.Collections.Immutable;
using System.Globalization;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Shift;

/// <summary>Consecutive images of a set whose statistics were taken.</summary>
/// <param name="First">Position of the first one in the set.</param>
/// <param name="Count">Their number.</param>
/// <param name="Sha256">The hash of exactly these images.</param>
public sealed record MeasuredPart(int First, int Count, string Sha256)
{
    internal int End => First + Count;

    internal string Describe() => string.Create(CultureInfo.InvariantCulture, $"images {First} to {End - 1}");
}

/// <summary>The statistics of one layer without the layer itself.</summary>
/// <param name="Name">The layer's name.</param>
/// <param name="Before">Before the activation.</param>
/// <param name="After">After it.</param>
/// <param name="Split">The shift's parts, or null where they were not measured.</param>
public sealed record SavedLayer(string Name, ShiftStatistics Before, ShiftStatistics After, ShiftSplit? Split);

/// <summary>
/// A measurement of the mean shift, of a whole set or of parts of it, that can be saved, merged with that of other parts in any order and
/// grouping, and turned into a report. Immutable.
/// </summary>
public sealed record SavedShift
{
    /// <summary>The file that the network was read from.</summary>
    public required string ModelPath { get; init; }

    /// <summary>Hash of the network as it would be saved.</summary>
    public required string NetworkSha256 { get; init; }

    /// <summary>Whether channels with a constant output were left as they are in the file.</summary>
    public required bool KeepsDeadChannels { get; init; }

    /// <summary>How the network was quantized.</summary>
    public required QuantizationScheme Scheme { get; init; }

    /// <summary>The ranges that all parts share.</summary>
    public required ActivationRanges Ranges { get; init; }

    /// <summary>The path of the image set.</summary>
    public required string ImagesPath { get; init; }

    /// <summary>Number of images of the whole measurement.</summary>
    public required int TotalImages { get; init; }

    /// <summary>The images whose statistics these are, in order.</summary>
    public required ImmutableArray<MeasuredPart> Parts { get; init; }

    /// <summary>One entry a layer.</summary>
    public required ImmutableArray<SavedLayer> Layers { get; init; }

    /// <summary>Whether all images are in.</summary>
    public bool IsComplete => Missing() is null;

    /// <summary>Takes the statistics out of a report.</summary>
    /// <param name="report">A measurement of some consecutive images.</param>
    /// <param name="whole">The set that these are a part of.</param>
    /// <param name="first">Position of the first of them in that set.</param>
    public static SavedShift Of(MeanShiftReport report, ImageSet whole, int first = 0)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(whole);
        return new SavedShift
        {
            ModelPath = report.Network.Path,
            NetworkSha256 = report.Network.Sha256,
            KeepsDeadChannels = report.Network.KeepsDeadChannels,
            Scheme = report.Scheme,
            Ranges = report.Ranges,
            ImagesPath = whole.Path,
            TotalImages = whole.Count,
            Parts = [new MeasuredPart(first, report.Images.Count, report.Images.Sha256)],
            Layers = [.. report.Layers.Select(layer => new SavedLayer(layer.Name, layer.Before, layer.After, layer.Split))],
        };
    }

    /// <summary>The statistics of these and the other's images together.</summary>
    /// <exception cref="QuantNotebooksException">The two are of different measurements, or both hold some image; the message says which.</exception>
    public SavedShift Merge(SavedShift other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Difference(other) is { } difference) throw new QuantNotebooksException($"These statistics can't be merged: they are of {difference}.");
        var parts = Parts.AddRange(other.Parts).Sort((one, another) => one.First.CompareTo(another.First));
        for (var index = 1; index < parts.Length; index++)
            if (parts[index].First < parts[index - 1].End)
                throw new QuantNotebooksException($"These statistics can't be merged: {parts[index].Describe()} are in both of them, or in one twice.");
        return this with
        {
            Parts = parts,
            Layers = [.. Layers.Zip(other.Layers, (one, another) => new SavedLayer(
                one.Name, one.Before.Merge(another.Before), one.After.Merge(another.After), one.Split is null ? null : one.Split.Merge(another.Split!)))],
        };
    }

    /// <summary>What sets two measurements apart, to complete "of ..."; null where they are parts of one.</summary>
    public string? Difference(SavedShift other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (NetworkSha256 != other.NetworkSha256) return $"different networks ('{ModelPath}' and '{other.ModelPath}', or one file at different times)";
        if (Scheme != other.Scheme) return $"different schemes ({Scheme} and {other.Scheme})";
        if (TotalImages != other.TotalImages) return string.Create(CultureInfo.InvariantCulture, $"sets of {TotalImages} and of {other.TotalImages} images");
        if (!Ranges.ByTensor.SequenceEqual(other.Ranges.ByTensor)) return "different activation ranges: all parts must be given the same calibration images, on processors of one kind, or the ranges of one of them";
        if (Layers.Any(layer => layer.Split is not null) != other.Layers.Any(layer => layer.Split is not null)) return "one that was split and one that was not";
        return null;
    }

    /// <summary>The report that one run over all images would have given.</summary>
    /// <param name="network">The network that was measured.</param>
    /// <param name="images">The whole set of images.</param>
    /// <exception cref="QuantNotebooksException">Images are missing, or the network or the images are not those that were measured.</exception>
    public MeanShiftReport ToReport(Network network, ImageSet images)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(images);
        if (network.Sha256 != NetworkSha256) throw new QuantNotebooksException($"'{network.Path}' is not the network whose statistics these are: it has changed since, or it is another.");
        if (images.Count != TotalImages) throw new QuantNotebooksException(string.Create(CultureInfo.InvariantCulture, $"'{images.Path}' has {images.Count} images, and {TotalImages} were measured."));
        if (Missing() is { } missing) throw new QuantNotebooksException($"The statistics are not complete: {missing} of {TotalImages} are missing.");
        foreach (var part in Parts)
            if (images.Skip(part.First).Take(part.Count).Sha256 != part.Sha256)
                throw new QuantNotebooksException($"'{images.Path}' does not hold what was measured: {part.Describe()} are others.");
        return ToPartialReport(network, images);
    }

    /// <summary>The report of just the images whose statistics these are.</summary>
    /// <param name="network">The network that was measured.</param>
    /// <param name="images">Exactly those images; not compared with their hash.</param>
    public MeanShiftReport ToPartialReport(Network network, ImageSet images)
    {
        ArgumentNullException.ThrowIfNull(network);
        var placement = QuantizerPlacement.Of(network, Scheme);
        return new MeanShiftReport(network, Scheme, images, [.. network.Layers.Zip(Layers, ToLayer)], Ranges);

        LayerShift ToLayer(Layer layer, SavedLayer saved) => new(
            layer, saved.Before, saved.After, placement.QuantizerOf(layer.Output, Ranges.Of(layer.Output, network))) { Split = saved.Split };
    }

    private string? Missing()
    {
        var next = 0;
        foreach (var part in Parts)
        {
            if (part.First > next) return string.Create(CultureInfo.InvariantCulture, $"images {next} to {part.First - 1}");
            next = part.End;
        }
        return next < TotalImages ? string.Create(CultureInfo.InvariantCulture, $"images {next} to {TotalImages - 1}") : null;
    }
}
