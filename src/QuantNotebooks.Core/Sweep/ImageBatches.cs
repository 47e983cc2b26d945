using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx.Schema;
using static System.FormattableString;

namespace QuantNotebooks.Sweep;

/// <summary>Cuts an image set into batches and turns them into a network's input.</summary>
internal sealed class ImageBatches
{
    private readonly Network _network;
    private readonly ImageSet _images;
    private readonly Preprocessing? _preprocessing;

    /// <summary>The shape of one image's values.</summary>
    private readonly ValueList<int> _shape;

    /// <exception cref="QuantNotebooksException">Nothing says how the images become this network's input, or they don't fit it.</exception>
    public ImageBatches(Network network, ImageSet images, int batchSize = DefaultBatchSize)
    {
        _network = network;
        _images = images;
        if (network.Graph.Inputs.IsEmpty) throw new QuantNotebooksException($"'{network.Name}' has no input: it can't be run on images.");
        var input = network.Graph.Inputs.FirstOrDefault(value => value.Name == network.Task?.Input.Name) ?? network.Graph.Inputs[0];
        InputName = input.Name;
        if (network.Task is { } task && task.Input.Name != InputName)
            throw new QuantNotebooksException($"The sidecar of '{network.Name}' names the input '{task.Input.Name}', and the network's input is '{InputName}'.");
        var others = network.Graph.Inputs.Where(value => value != input).Select(value => $"'{value.Name}'").ToList();
        if (others.Count > 0)
            throw new QuantNotebooksException(
                $"'{network.Name}' takes more than images: nothing gives its input{(others.Count > 1 ? "s" : "")} {string.Join(", ", others)} besides '{InputName}'. Make them constants (initializers) of the file.");
        // Tensors are taken as they are, whatever a sidecar says of pixels.
        _preprocessing = images.TensorShape is null ? PreprocessingOf(network) : null;
        _shape = images.TensorShape ?? [_preprocessing!.ChannelCount, _preprocessing.Size.Height, _preprocessing.Size.Width];
        var dimensions = input.Type?.TensorType?.Shape?.Dim.Select(dimension => dimension.DimValue).ToArray() ?? [];
        RequireFloat(input);
        RequireShape(dimensions);
        var fixedBatch = dimensions is [> 0, ..] ? (int)dimensions[0] : 0;
        if (fixedBatch > 0 && images.Count % fixedBatch != 0)
            throw new QuantNotebooksException($"'{network.Name}' takes exactly {fixedBatch} images at once, and {images.Count} is not a multiple of that.");
        Multiple = Math.Max(1, fixedBatch);
        BatchSize = fixedBatch > 0 ? fixedBatch : Math.Clamp((int)(ValuesAtOnce / _shape.Aggregate(1L, (product, length) => product * length)), 1, batchSize);
    }

    /// <summary>Large enough to keep two cores busy in the smallest layers, small enough that a batch stays near the caches.</summary>
    public const int DefaultBatchSize = 32;

    /// <summary>Input values in a batch: of large images fewer go through at once, for their tensors inside the network are larger in proportion.</summary>
    private const long ValuesAtOnce = 400_000;

    public string InputName { get; }

    /// <summary>The shape of one image as the network's input.</summary>
    public ValueList<int> Shape => _shape;

    public int BatchSize { get; }

    /// <summary>What the number of images must be a multiple of: more than 1 for a network that takes only whole batches of one size.</summary>
    public int Multiple { get; }

    public int Count => (_images.Count + BatchSize - 1) / BatchSize;

    /// <summary>Whether the other's batches are these: the same images, as the same input, in batches of the same size.</summary>
    public bool ReadsLike(ImageBatches other) => ReferenceEquals(_images, other._images)
        && BatchSize == other.BatchSize && InputName == other.InputName && _preprocessing == other._preprocessing;

    public int ImagesIn(int batch) => Math.Min(BatchSize, _images.Count - batch * BatchSize);

    /// <summary>How far an operation has come that goes through the whole network batch by batch.</summary>
    public SweepProgress Progress(int batch, string current) => new(batch, Count, current) { ImagesDone = batch * BatchSize, TotalImages = _images.Count };

    /// <summary>Bytes of a batch as the network's input.</summary>
    public long BytesOf(int batch) => _shape.Aggregate((long)sizeof(float) * ImagesIn(batch), (product, length) => product * length);

    /// <summary>Reads all batches, decoding ahead.</summary>
    public BatchReader Open(TensorPool pool, CancellationToken cancellation) => new(this, pool, cancellation);

    /// <summary>Memory for a batch as the network's input, [images, ...].</summary>
    public BatchTensor Rent(int batch, TensorPool pool) => BatchTensor.Create(pool, [ImagesIn(batch), .. _shape]);

    /// <summary>Writes a batch; may run on several threads at once.</summary>
    /// <exception cref="QuantNotebooksException">An image is broken or does not fit the network.</exception>
    public void Fill(int batch, Span<float> destination, CancellationToken cancellation)
    {
        if (_preprocessing is null) _images.ReadTensors(batch * BatchSize, ImagesIn(batch), destination);
        else _preprocessing.Fill(_images, batch * BatchSize, ImagesIn(batch), destination, cancellation);
    }

    /// <summary>One batch alone, for whoever does not go through them in order.</summary>
    /// <exception cref="QuantNotebooksException">An image is broken or does not fit the network.</exception>
    public BatchTensor Read(int batch, TensorPool pool, CancellationToken cancellation)
    {
        var tensor = Rent(batch, pool);
        try
        {
            Fill(batch, tensor.Floats, cancellation);
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    private static Preprocessing PreprocessingOf(Network network) => network.Task?.Input.Preprocessing ?? throw new QuantNotebooksException(
        $"'{network.Name}' has no sidecar '{System.IO.Path.ChangeExtension(network.Path, ".task.json")}' that says how images become its input; without one it takes float32 tensors (.npy, .npz) only.");

    private void RequireFloat(ValueInfoProto input)
    {
        if (input.Type?.TensorType?.ElemType is { } type and not (int)TensorProto.Types.DataType.Float)
            throw new QuantNotebooksException($"'{_network.Name}' takes input of type {(TensorProto.Types.DataType)type}; float is supported.");
    }

    private void RequireShape(long[] dimensions)
    {
        // Without any dimension the rank is unknown.
        var fits = dimensions.Length == 0 || dimensions.Length == _shape.Count + 1;
        for (var axis = 1; fits && axis < dimensions.Length; axis++) fits = dimensions[axis] <= 0 || dimensions[axis] == _shape[axis - 1];
        if (fits) return;
        var taken = string.Join(", ", dimensions.Select(value => value <= 0 ? "any" : Invariant($"{value}")));
        var source = _preprocessing is null ? $"'{_images.Name}' holds" : "its sidecar makes";
        throw new QuantNotebooksException($"'{_network.Name}' takes input of shape [{taken}], and {source} [N, {string.Join(", ", _shape.Select(value => Invariant($"{value}")))}].");
    }
}
