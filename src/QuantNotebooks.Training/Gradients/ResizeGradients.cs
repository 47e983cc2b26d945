using Microsoft.ML.OnnxRuntime;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Training.Gradients;

/// <summary>
/// The gradient of Resize, which is linear in its input and works axis by axis whatever its mode: each value of an axis is a mean of the input's with fixed
/// weights, so the gradient goes back with the same weights. ONNX Runtime itself says which they are: it resizes unit vectors.
/// </summary>
internal static class ResizeGradients
{
    // What says how positions of two sizes belong together; axes, scales and sizes are given axis by axis.
    private static readonly string[] Interpolation =
        ["mode", "coordinate_transformation_mode", "nearest_mode", "cubic_coeff_a", "exclude_outside", "antialias"];

    public static void Resize(GradientStep step)
    {
        if (Word(step.Node, "coordinate_transformation_mode") is "tf_crop_and_resize") throw step.Refused("it crops (tf_crop_and_resize)");
        if (Word(step.Node, "keep_aspect_ratio_policy") is not (null or "stretch")) throw step.Refused("keep_aspect_ratio_policy is not 'stretch'");
        step.Give(0, () =>
        {
            var input = step.Input(0);
            var targets = Targets(step);
            var gradient = step.Gradient;
            for (var axis = 0; axis < input.Rank; axis++)
                if (targets[axis] is { } target) gradient = AlongAxis(step.Emit, gradient, axis, Weights(step, input.Shape[axis], target));
            return gradient;
        });
    }

    /// <summary>What becomes of each axis: a scale or a size as a constant of the node has it; null for axes that stay as they are.</summary>
    private static Target?[] Targets(GradientStep step)
    {
        var (input, output) = (step.Input(0), step.Output());
        var scales = step.Has(2) && step.Graph.Constant(step.Node.Input[2]) is { } constant ? TensorData.Floats(constant).ToArray() : [];
        var axes = step.Node.Ints("axes") is { Length: > 0 } given ? given.Select(input.Axis).ToArray() : [.. Enumerable.Range(0, input.Rank)];
        var targets = new Target?[input.Rank];
        for (var index = 0; index < axes.Length; index++)
        {
            var axis = axes[index];
            var scale = scales.Length > 0 ? scales[index] : (float?)null;
            if (input.Shape[axis] != output.Shape[axis] || scale is not (null or 1)) targets[axis] = new Target(output.Shape[axis], scale);
        }
        return targets;
    }

    /// <summary>How much of each input position, down, is in each output position, across.</summary>
    private static (float[] Values, long In, long Out) Weights(GradientStep step, long size, Target target)
    {
        // A channel for each unit vector, along the height.
        var units = new float[size * size];
        for (long index = 0; index < size; index++) units[index * size + index] = 1;
        var node = new NodeProto { OpType = "Resize", Name = "units" };
        node.Attribute.AddRange(step.Node.Attribute.Where(attribute => Interpolation.Contains(attribute.Name)));
        node.Output.Add("y");
        var model = new ModelProto { IrVersion = step.Graph.Header.IrVersion, Graph = new GraphProto { Name = "units" } };
        model.OpsetImport.AddRange(step.Graph.Header.OpsetImport);
        model.Graph.Node.Add(node);
        model.Graph.Output.Add(new ValueInfoProto { Name = "y" });
        model.Graph.Initializer.Add(TensorData.Create("x", [1, size, size, 1], units));
        if (target.Scale is { } scale)
        {
            node.Input.AddRange(["x", "", "scales"]);
            model.Graph.Initializer.Add(TensorData.Create("scales", [4], [1f, 1, scale, 1]));
        }
        else
        {
            node.Input.AddRange(["x", "", "", "sizes"]);
            model.Graph.Initializer.Add(TensorData.Create("sizes", [4], [1L, size, target.Size, 1]));
        }
        using var session = OnnxSession.Create(model, $"the weights of '{step.Node.Name}'");
        using var result = session.Run([], CancellationToken.None)[0];
        return (result.GetTensorDataAsSpan<float>().ToArray(), size, target.Size);
    }

    /// <summary>The products with a matrix from every vector of an axis of a tensor.</summary>
    private static Tensor AlongAxis(NodeEmitter emit, Tensor tensor, int axis, (float[] Values, long In, long Out) weights)
    {
        var matrix = emit.Constant(weights.Values, weights.In, weights.Out);
        if (axis == tensor.Rank - 2) return emit.MatMul(matrix, tensor);
        // Other axes change places with the last one but one.
        int[] permutation = [.. Enumerable.Range(0, tensor.Rank)];
        if (tensor.Rank == 1) return emit.Reshape(emit.MatMul(matrix, emit.Reshape(tensor, tensor.Count, 1)), weights.In);
        (permutation[axis], permutation[^2]) = (permutation[^2], permutation[axis]);
        return emit.Transpose(emit.MatMul(matrix, emit.Transpose(tensor, permutation)), permutation);
    }

    private static string? Word(NodeProto node, string attribute) => node.Attribute(attribute)?.S.ToStringUtf8();

    /// <summary>The size of an axis after resizing, and the scale that it was given by, or null.</summary>
    private readonly record struct Target(long Size, float? Scale);
}
