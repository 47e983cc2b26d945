using System.Collections.Immutable;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Sweep;

/// <summary>Cuts an image set into batches and turns them into a network's input.</summary>
internal sealed class ImageBatches
{
    private readonly Network _network;
    private readonly ImageSet _images;
    private readonly Preprocessing _preprocessing;

    /// <exception cref="QuantNotebooksException">Nothing says how the images become this network's input.</exception>
    public ImageBatches(Network network, ImageSet images, int batchSize = DefaultBatchSize)
    {
        _network = network;
        _images = images;
        var task = network.Task ?? throw new QuantNotebooksException(
            $"'{network.Name}' has no sidecar '{System.IO.Path.ChangeExtension(network.Path, ".task.json")}' that says how images become its input.");
        _preprocessing = task.Input.Preprocessing;
        InputName = task.Input.Name;
        var input = network.Graph.Inputs.FirstOrDefault(value => value.Name == InputName) ?? throw new QuantNotebooksException(
            $"The sidecar of '{network.Name}' names the input '{InputName}', and the network's inputs are {string.Join(", ", network.Graph.Inputs.Select(value => $"'{value.Name}'"))}.");
        var others = network.Graph.Inputs.Where(value => value.Name != InputName).Select(value => $"'{value.Name}'").ToList();
        if (others.Count > 0)
            throw new QuantNotebooksException(
                $"'{network.Name}' takes more than images: nothing gives its input{(others.Count > 1 ? "s" : "")} {string.Join(", ", others)} besides '{InputName}'. Make them constants (initializers) of the file.");
        var dimensions = input.Type?.TensorType?.Shape?.Dim;
        var fixedBatch = dimensions is { Count: > 0 } && dimensions[0].DimValue > 0 ? (int)dimensions[0].DimValue : 0;
        if (fixedBatch > 0 && images.Count % fixedBatch != 0)
            throw new QuantNotebooksException($"'{network.Name}' takes exactly {fixedBatch} images at once, and {images.Count} is not a multiple of that.");
        BatchSize = fixedBatch > 0 ? fixedBatch : batchSize;
        CheckShape(dimensions is null ? [] : [.. dimensions.Select(dimension => dimension.DimValue)]);
    }

    /// <summary>Large enough to keep two cores busy in the smallest layers, small enough that a batch stays near the caches.</summary>
    public const int DefaultBatchSize = 32;

    public string InputName { get; }

    public int BatchSize { get; }

    public int Count => (_images.Count + BatchSize - 1) / BatchSize;

    /// <summary>Whether the other's batches are these: the same images, as the same input, in batches of the same size.</summary>
    public bool ReadsLike(ImageBatches other) => ReferenceEquals(_images, other._images)
        && BatchSize == other.BatchSize && InputName == other.InputName && _preprocessing == other._preprocessing;

    public int ImagesIn(int batch) => Math.Min(BatchSize, _images.Count - batch * BatchSize);

    /// <summary>The batch as the network's input, [images, C, H, W].</summary>
    public BatchTensor Read(int batch, TensorPool pool)
    {
        var count = ImagesIn(batch);
        var tensor = BatchTensor.Create(pool, [count, _preprocessing.ChannelCount, _preprocessing.Size.Height, _preprocessing.Size.Width]);
        try
        {
            _preprocessing.Fill(_images, batch * BatchSize, count, tensor.Floats);
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    private void CheckShape(ImmutableArray<long> dimensions)
    {
        long[] given = [0, _preprocessing.ChannelCount, _preprocessing.Size.Height, _preprocessing.Size.Width];
        var fits = dimensions.IsEmpty || dimensions.Length == given.Length;
        for (var axis = 1; fits && axis < dimensions.Length; axis++) fits = dimensions[axis] == 0 || dimensions[axis] == given[axis];
        if (!fits)
            throw new QuantNotebooksException(
                $"'{_network.Name}' takes input of shape [{string.Join(", ", dimensions.Select(value => value == 0 ? "any" : FormattableString.Invariant($"{value}")))}], and its sidecar makes [N, {string.Join(", ", given[1..])}].");
    }
}
