using System.Collections.Immutable;
using System.Text.Json;

namespace QuantNotebooks.Networks;

/// <summary>The interval of values that a tensor takes.</summary>
/// <param name="Minimum">Smallest value.</param>
/// <param name="Maximum">Largest value.</param>
public readonly record struct ActivationRange(float Minimum, float Maximum)
{
    /// <summary>The smallest interval that holds both.</summary>
    public ActivationRange Union(ActivationRange other) => new(Math.Min(Minimum, other.Minimum), Math.Max(Maximum, other.Maximum));
}

/// <summary>What calibration learned: the range of every tensor that is quantized, by tensor name. Immutable.</summary>
/// <param name="ByTensor">Range of each quantized tensor.</param>
/// <param name="ImagesSha256">Hash of the calibration images.</param>
/// <param name="ImageCount">Number of calibration images.</param>
public sealed record ActivationRanges(ImmutableSortedDictionary<string, ActivationRange> ByTensor, string ImagesSha256, int ImageCount)
{
    /// <summary>The ranges of no tensor, for schemes that leave activations in floating point.</summary>
    public static ActivationRanges None { get; } = new(ImmutableSortedDictionary<string, ActivationRange>.Empty, "", 0);

    /// <summary>
    /// The quantization scheme, in JSON, that the ranges were found for, and that biases which go with them compensate; null where that is not known
    /// or any would do.
    /// </summary>
    public string? Scheme { get; init; }

    /// <summary>The range of a tensor of that network.</summary>
    /// <exception cref="QuantNotebooksException">It was not calibrated: the ranges are another network's.</exception>
    public ActivationRange Of(string tensor, Network network) => ByTensor.TryGetValue(tensor, out var range)
        ? range
        : throw new QuantNotebooksException($"The calibrated ranges say nothing of tensor '{tensor}' of '{network.Name}': they belong to another network.");

    /// <summary>The ranges as JSON, for a network's metadata.</summary>
    public string ToJson() => JsonSerializer.Serialize(
        new Stored(ImagesSha256, ImageCount, new SortedDictionary<string, float[]>(
            ByTensor.ToDictionary(pair => pair.Key, pair => new[] { pair.Value.Minimum, pair.Value.Maximum }), StringComparer.Ordinal), Scheme is null ? null : JsonElement.Parse(Scheme)),
        JsonSerializerOptions.Web);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="QuantNotebooksException">The text is something else.</exception>
    public static ActivationRanges Parse(string json, string source)
    {
        Stored? stored;
        try
        {
            stored = JsonSerializer.Deserialize<Stored>(json, JsonSerializerOptions.Web);
        }
        catch (JsonException error)
        {
            throw new QuantNotebooksException($"'{source}': the calibrated ranges in its metadata are damaged: {error.Message}", error);
        }
        if (stored is not { ImagesSha256: not null, Tensors: not null } || stored.Tensors.Values.Any(range => range is not [var low, var high] || !(low <= high)))
            throw new QuantNotebooksException($"'{source}': the calibrated ranges in its metadata are damaged.");
        return new ActivationRanges(
            stored.Tensors.ToImmutableSortedDictionary(pair => pair.Key, pair => new ActivationRange(pair.Value[0], pair.Value[1]), StringComparer.Ordinal),
            stored.ImagesSha256, stored.ImageCount) { Scheme = stored.Scheme?.GetRawText() };
    }

    private sealed record Stored(string ImagesSha256, int ImageCount, SortedDictionary<string, float[]> Tensors, JsonElement? Scheme = null);
}
