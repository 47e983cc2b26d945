using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Training;

/// <summary>
/// Images as the network's input and, for each, the targets of the loss: what the full-precision network computes, or the image's label. What
/// fits into <see cref="MostCachedValues"/> is computed once. For one thread at a time.
/// </summary>
internal sealed class TrainingData : IDisposable
{
    private const long MostCachedValues = 128 << 20;

    private readonly Network _reference;
    private readonly ImageSet _images;
    private readonly TrainingLoss _loss;
    private readonly bool _labels;
    private readonly ImageBatches _units;
    private readonly TensorPool _pool = new();
    private readonly float[]?[] _inputs;
    private readonly float[]?[][] _targets;
    private OnnxSession? _teacher;
    private long _cached;

    /// <param name="reference">The full-precision network.</param>
    /// <param name="images">The images.</param>
    /// <param name="loss">Says which tensors are targets.</param>
    /// <param name="labels">Whether the labels are the target instead.</param>
    public TrainingData(Network reference, ImageSet images, TrainingLoss loss, bool labels)
    {
        _reference = reference;
        _images = images;
        _loss = loss;
        _labels = labels;
        if (labels && (images.Labels is null || loss is not CrossEntropyLoss))
            throw new QuantNotebooksException(images.Labels is null
                ? $"Training with labels needs them, and the images of '{images.Name}' have none; give labelled images, or train by distillation, which needs no labels."
                : $"Training with labels needs a network that tells classes apart, and the task of '{reference.Name}' is another; train by distillation, which needs no labels.");
        _units = new ImageBatches(reference, images, batchSize: 1);
        _inputs = new float[_units.Count][];
        _targets = [.. loss.Tensors.Select(_ => new float[_units.Count][])];
    }

    /// <summary>How many units there are: images, or for a network that takes a fixed number of images at once, that many together.</summary>
    public int Count => _units.Count;

    /// <summary>Images in a unit.</summary>
    public int UnitSize => _units.BatchSize;

    /// <summary>The shape of a batch of units.</summary>
    public long[] ShapeOf(int units)
    {
        using var first = _units.Rent(0, _pool);
        return [units * UnitSize, .. first.Shape[1..]];
    }

    /// <summary>Fills a batch with units.</summary>
    /// <param name="units">Which ones.</param>
    /// <param name="images">Receives the input.</param>
    /// <param name="targets">Receives the target of each of the loss's tensors.</param>
    /// <param name="cancellation">Stops a run of the full-precision network.</param>
    public void Fill(ReadOnlySpan<int> units, Span<float> images, float[][] targets, CancellationToken cancellation)
    {
        var perUnit = images.Length / units.Length;
        for (var row = 0; row < units.Length; row++)
        {
            var unit = units[row];
            var input = images.Slice(row * perUnit, perUnit);
            ReadInput(unit, input, cancellation);
            for (var tensor = 0; tensor < targets.Length; tensor++)
                if (_targets[tensor][unit] is null) Compute(unit, input, cancellation);
            for (var tensor = 0; tensor < targets.Length; tensor++)
            {
                _targets[tensor][unit]!.CopyTo(targets[tensor].AsSpan(row * _targets[tensor][unit]!.Length));
                if (_cached > MostCachedValues) Forget(tensor, unit);
            }
        }
    }

    public void Dispose()
    {
        _teacher?.Dispose();
        _pool.Dispose();
    }

    private void ReadInput(int unit, Span<float> input, CancellationToken cancellation)
    {
        if (_inputs[unit] is { } known)
        {
            known.CopyTo(input);
            return;
        }
        using var tensor = _units.Read(unit, _pool, cancellation);
        tensor.Floats.CopyTo(input);
        if (_cached + input.Length > MostCachedValues) return;
        _inputs[unit] = input.ToArray();
        _cached += input.Length;
    }

    private void Compute(int unit, Span<float> input, CancellationToken cancellation)
    {
        if (_labels)
        {
            var oneHot = new float[_loss.Width];
            var label = _images.Labels![unit];
            if (label >= oneHot.Length)
                throw new QuantNotebooksException($"Image {unit} of '{_images.Name}' has label {label}, and '{_reference.Name}' tells {oneHot.Length} classes apart.");
            oneHot[label] = 1;
            Remember(0, unit, oneHot);
            return;
        }
        _teacher ??= CreateTeacher();
        using var tensor = _units.Rent(unit, _pool);
        input.CopyTo(tensor.Floats);
        var outputs = _teacher.Run([tensor.Value], cancellation);
        for (var index = 0; index < outputs.Count; index++)
        {
            using var output = outputs[index];
            var values = output.GetTensorDataAsSpan<float>().ToArray();
            _loss.ToTarget(values);
            Remember(_loss.Tensors.IndexOf(_teacher.OutputNames[index]), unit, values);
        }
    }

    private void Remember(int tensor, int unit, float[] values)
    {
        _targets[tensor][unit] = values;
        _cached += values.Length;
    }

    private void Forget(int tensor, int unit)
    {
        _cached -= _targets[tensor][unit]!.Length;
        _targets[tensor][unit] = null;
    }

    private OnnxSession CreateTeacher()
    {
        var model = _reference.ToModel();
        model.Graph.Output.Clear();
        foreach (var name in _loss.Tensors) model.Graph.Output.Add(new ValueInfoProto { Name = name });
        return OnnxSession.Create(model, _reference.Name);
    }
}
