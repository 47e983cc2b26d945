using Microsoft.ML.OnnxRuntime;
using QuantNotebooks.Evaluation;
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
    private readonly TrainingLoss _loss;

    /// <summary>The class of each image where the labels are the target; null where the full-precision network's output is.</summary>
    private readonly int[]? _classes;

    private readonly ImageBatches _units;
    private readonly TensorPool _pool = new();
    private readonly float[]?[] _inputs;
    private readonly float[]?[][] _targets;
    private readonly BatchWorkers _worker = BatchWorkers.One();
    private OnnxSession? _teacher;
    private long _cached;

    /// <param name="reference">The full-precision network.</param>
    /// <param name="images">The images.</param>
    /// <param name="loss">Says which tensors are targets.</param>
    /// <param name="labels">Whether the labels are the target instead.</param>
    public TrainingData(Network reference, ImageSet images, TrainingLoss loss, bool labels)
    {
        _reference = reference;
        _loss = loss;
        if (labels) _classes = ClassesOf(reference, images);
        _units = new ImageBatches(reference, images, batchSize: 1);
        _inputs = new float[_units.Count][];
        _targets = [.. loss.Tensors.Select(_ => new float[_units.Count][])];
    }

    /// <summary>The class of each image, as its label says.</summary>
    /// <exception cref="QuantNotebooksException">Images have no labels, a label is no class of the network, or the network does not tell classes apart.</exception>
    public static int[] ClassesOf(Network network, ImageSet images)
    {
        if (images.Labels is not { } labels)
            throw new QuantNotebooksException($"Training with labels needs them, and the images of '{images.Name}' have none; give labelled images, or train by distillation, which needs no labels.");
        if (network.Task?.Task is not ClassificationTask task)
            throw new QuantNotebooksException($"Training with labels needs a network that tells classes apart, and the task of '{network.Name}' is another; train by distillation, which needs no labels.");
        var named = LabelMatching.ClassOf(images, task, network.Name);
        int[] classes = [.. labels.Select(label => named is null ? label : named[label])];
        var (count, wrong) = (task.Labels.Count, Array.FindIndex(classes, label => label >= task.Labels.Count));
        return wrong < 0 ? classes : throw new QuantNotebooksException(FormattableString.Invariant(
            $"{images.NameOf(wrong)} of '{images.Name}' has label {classes[wrong]}, and '{network.Name}' tells {count} classes apart, 0 to {count - 1}."));
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

    public void Dispose() => _worker.WhenIdle(() =>
    {
        _teacher?.Dispose();
        _pool.Dispose();
    });

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
        if (_classes is not null)
        {
            var oneHot = new float[_loss.Width * UnitSize];
            for (var image = 0; image < UnitSize; image++) oneHot[image * _loss.Width + _classes[unit * UnitSize + image]] = 1;
            Remember(0, unit, oneHot);
            return;
        }
        var teacher = _teacher ??= CreateTeacher(cancellation);
        var tensor = _units.Rent(unit, _pool);
        input.CopyTo(tensor.Floats);
        IReadOnlyList<OrtValue> outputs;
        try
        {
            outputs = _worker.Run(() => teacher.Run([tensor.Value], cancellation), cancellation);
        }
        finally
        {
            _worker.WhenIdle(tensor.Dispose);
        }
        for (var index = 0; index < outputs.Count; index++)
        {
            using var output = outputs[index];
            var values = output.GetTensorDataAsSpan<float>().ToArray();
            _loss.ToTarget(values);
            Remember(_loss.Tensors.IndexOf(teacher.OutputNames[index]), unit, values);
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

    private OnnxSession CreateTeacher(CancellationToken cancellation)
    {
        var model = _reference.ToModel();
        model.Graph.Output.Clear();
        foreach (var name in _loss.Tensors) model.Graph.Output.Add(new ValueInfoProto { Name = name });
        return OnnxSession.Create(model, _reference.Name, cancellation: cancellation);
    }
}
