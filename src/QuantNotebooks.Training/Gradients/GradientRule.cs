using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Training.Gradients;

/// <summary>Writes the nodes that carry the gradient through one node, from its outputs to its inputs.</summary>
/// <exception cref="QuantNotebooksException">This form of the operator has no gradient.</exception>
internal delegate void GradientRule(GradientStep step);

/// <summary>One node on the way back: what a rule may ask, and where it gives the gradients of the inputs.</summary>
internal sealed class GradientStep(NodeProto node, StaticGraph graph, NodeEmitter emit, Func<string, bool> wanted, Func<string, Tensor?> gradientOf, Action<string, Tensor> give)
{
    public NodeProto Node => node;

    public NodeEmitter Emit => emit;

    /// <summary>The forward graph.</summary>
    public Graph Graph => graph.Graph;

    /// <summary>The gradient of the node's first output.</summary>
    public Tensor Gradient => GradientOf(0);

    /// <summary>The gradient of an output; zeros where the loss does not depend on it.</summary>
    public Tensor GradientOf(int output) => gradientOf(node.Output[output]) ?? emit.Zeros(Output(output).Shape);

    public Tensor Input(int index) => graph.Tensor(node.Input[index]);

    public bool Has(int index) => node.InputOrNull(index) is not null;

    public Tensor Output(int index = 0) => graph.Tensor(node.Output[index]);

    /// <summary>The values of an input that does not depend on the images, such as axes or pads.</summary>
    public long[] Integers(int index) => graph.Integers(node.Input[index])
        ?? throw Refused($"its input '{node.Input[index]}' depends on the images");

    /// <summary>Gives the gradient of an input; it is only made where somebody wants it.</summary>
    public void Give(int index, Func<Tensor> gradient)
    {
        if (node.InputOrNull(index) is not { } input || !wanted(input)) return;
        var tensor = gradient();
        if (!tensor.Shape.SequenceEqual(graph.Tensor(input).Shape))
            throw new InvalidOperationException($"The gradient of '{input}' has shape [{string.Join(", ", tensor.Shape)}] and not [{string.Join(", ", graph.Tensor(input).Shape)}].");
        give(input, tensor);
    }

    public QuantNotebooksException Refused(string reason) => GradientRules.Refused(node, reason);
}
