using System.Collections.Immutable;
using System.Numerics.Tensors;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Training.Gradients;
using Tensor = QuantNotebooks.Training.Gradients.Tensor;

namespace QuantNotebooks.Training;

/// <summary>What the quantized network is pulled towards: written into the training graph, with the targets as inputs.</summary>
internal abstract class TrainingLoss
{
    /// <summary>The tensors that the loss compares with targets.</summary>
    public abstract ImmutableArray<string> Tensors { get; }

    /// <summary>Values of one decision in the first of them: classes, or all values of an image where there are none.</summary>
    public abstract int Width { get; }

    /// <summary>The name of the graph input that takes the target of a tensor.</summary>
    public static string TargetOf(string tensor) => tensor + "/target";

    /// <summary>Turns what the full-precision network computed into the target, in place.</summary>
    public abstract void ToTarget(Span<float> values);

    /// <summary>Writes the loss, a scalar, and its gradients with regard to the tensors.</summary>
    public abstract (Tensor Loss, ImmutableArray<(string Tensor, Tensor Gradient)> Seeds) Write(NodeEmitter emit, StaticGraph graph);

    /// <summary>Distillation of the decision: cross entropy of softmax outputs where the network decides between classes, else squared error.</summary>
    public static TrainingLoss OfOutput(Network network)
    {
        var output = network.Graph.Outputs[0].Name;
        var scores = network.Graph.Producer(output) is { OpType: "Softmax" or "LogSoftmax" } last ? last.Input[0] : output;
        return network.Task?.Task switch
        {
            ClassificationTask task => new CrossEntropyLoss(scores, task.Labels.Count),
            CtcTask => new CrossEntropyLoss(scores, null),
            _ => new SquaredErrorLoss([output]),
        };
    }

    /// <summary>Squared error of every layer's output, each relative to its power.</summary>
    public static TrainingLoss OfLayers(Network network) => new SquaredErrorLoss([.. network.Layers.Reverse().Select(layer => layer.Output)]);
}

/// <summary>-sum p log softmax(y), the mean over decisions; its gradient with regard to y is softmax(y) - p. With p from the full-precision network it differs from the KL divergence by a constant.</summary>
/// <param name="scores">The tensor of scores, [N, ..., classes].</param>
/// <param name="classes">How many classes; null where the last axis is the classes'.</param>
internal sealed class CrossEntropyLoss(string scores, int? classes) : TrainingLoss
{
    private int _width = classes ?? 0;

    public override ImmutableArray<string> Tensors { get; } = [scores];

    public override int Width => _width;

    public override void ToTarget(Span<float> values)
    {
        for (var row = 0; row < values.Length; row += Width) TensorPrimitives.SoftMax(values.Slice(row, Width), values.Slice(row, Width));
    }

    public override (Tensor Loss, ImmutableArray<(string Tensor, Tensor Gradient)> Seeds) Write(NodeEmitter emit, StaticGraph graph)
    {
        var output = graph.Tensor(scores);
        if (_width == 0) _width = (int)output.Shape[^1];
        if (output.Count % _width != 0 || output.Count / output.Shape[0] < _width)
            throw new QuantNotebooksException($"The network's scores have shape [{string.Join(", ", output.Shape)}], and its task says {_width} classes.");
        emit.Begin("loss");
        var rows = output.Count / _width;
        var flat = emit.Reshape(output, rows, _width);
        var target = emit.Reshape(output with { Name = TargetOf(scores) }, rows, _width);
        var logarithm = emit.Unary("LogSoftmax", flat, Attributes.Int("axis", 1));
        var loss = emit.Reshape(emit.Scale(emit.ReduceSum(emit.Multiply(target, logarithm), 0, 1), -1.0 / rows), 1);
        var gradient = emit.Scale(emit.Subtract(emit.Unary("Softmax", flat, Attributes.Int("axis", 1)), target), 1.0 / rows);
        return (loss, [(scores, emit.Reshape(gradient, output.Shape))]);
    }
}

/// <summary>The mean over tensors of sum (q - y)^2 / sum y^2, over a batch.</summary>
internal sealed class SquaredErrorLoss(ImmutableArray<string> tensors) : TrainingLoss
{
    public override ImmutableArray<string> Tensors => tensors;

    public override int Width => 1;

    public override void ToTarget(Span<float> values)
    {
        // The full-precision values themselves are the target.
    }

    public override (Tensor Loss, ImmutableArray<(string Tensor, Tensor Gradient)> Seeds) Write(NodeEmitter emit, StaticGraph graph)
    {
        emit.Begin("loss");
        var seeds = ImmutableArray.CreateBuilder<(string, Tensor)>();
        Tensor? sum = null;
        foreach (var name in tensors)
        {
            var output = graph.Tensor(name);
            var target = output with { Name = TargetOf(name) };
            int[] axes = [.. Enumerable.Range(0, output.Rank)];
            var error = emit.Subtract(output, target);
            var power = emit.Add(emit.ReduceSum(emit.Multiply(target, target), axes), emit.Scalar(1e-30));
            var part = emit.Reshape(emit.Divide(emit.ReduceSum(emit.Multiply(error, error), axes), power), 1);
            sum = sum is { } before ? emit.Add(before, part) : part;
            seeds.Add((name, emit.Divide(emit.Scale(error, 2.0 / tensors.Length), power)));
        }
        return (emit.Scale(sum!.Value, 1.0 / tensors.Length), seeds.ToImmutable());
    }
}
