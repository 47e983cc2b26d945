using System.Collections.Immutable;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Equalization;

/// <summary>
/// That two networks are the same function because of how they are built, whatever the images: every tensor of the second is the first's times a
/// factor an element, and at every output the factor is 1.
/// </summary>
/// <param name="Nodes">How many nodes were checked.</param>
/// <param name="ScaledTensors">How many tensors have a factor other than 1.</param>
/// <param name="Faults">Where the proof fails, and why; empty where it holds.</param>
public sealed record StructureCertificate(int Nodes, int ScaledTensors, ImmutableArray<string> Faults)
{
    /// <summary>Whether the networks are the same function but for float rounding.</summary>
    public bool Holds => Faults.IsEmpty;
}

/// <summary>
/// Proves node by node, from nothing but the two graphs, that the second is the first with channels scaled. It knows nothing of factor groups or
/// of how factors were found: the factor of each element of each tensor follows from the constants of both graphs, T' = s T. Where channels are moved,
/// the tensor of factors goes through the very same node in ONNX Runtime.
/// </summary>
internal sealed class StructureCheck
{
    private readonly Graph _before;
    private readonly Graph _after;
    private readonly Dictionary<string, NodeProto> _makers = [];
    private readonly FactorTensors _tensors;
    private readonly List<string> _faults = [];

    private StructureCheck(Network before, Network after, FactorTensors tensors)
    {
        (_before, _after, _tensors) = (before.Graph, after.Graph, tensors);
        foreach (var node in _after.Nodes)
            foreach (var output in node.Output) _makers[output] = node;
    }

    /// <param name="before">The network.</param>
    /// <param name="after">The one said to be the same function.</param>
    /// <param name="images">One of them tells the tensors' shapes; null for the shapes that the graph declares, with 1 for those it leaves open.</param>
    /// <param name="cancellation">Stops between nodes.</param>
    public static StructureCertificate Run(Network before, Network after, ImageSet? images, CancellationToken cancellation = default)
    {
        cancellation = cancellation.OrAmbient();
        using var tensors = FactorTensors.Of(before, images, cancellation);
        var check = new StructureCheck(before, after, tensors);
        NodeProto[] nodes = [.. before.Graph.Nodes.Where(node => node.Input.Any(tensors.IsFloat) || node.Output.Any(tensors.IsFloat))];
        var lastReader = new Dictionary<string, NodeProto>();
        foreach (var node in nodes)
            foreach (var name in node.Input.Concat(node.Output)) lastReader[name] = node;
        foreach (var output in before.Graph.Outputs) lastReader.Remove(output.Name);
        foreach (var node in nodes)
        {
            cancellation.ThrowIfCancellationRequested();
            check.Visit(node);
            foreach (var name in node.Input.Concat(node.Output))
                if (lastReader.GetValueOrDefault(name) == node) tensors.Release(name);
        }
        foreach (var output in before.Graph.Outputs)
            if (tensors.IsFloat(output.Name) && !tensors.IsOne(output.Name)) check._faults.Add($"output {output.Name} is scaled");
        return new StructureCertificate(nodes.Length, tensors.ScaledTensors, [.. check._faults]);
    }

    private void Visit(NodeProto node)
    {
        if (!_makers.TryGetValue(node.Output[0], out var other))
        {
            Fault(node, "nothing makes its output in the scaled network");
            return;
        }
        var rules = new StructureRules(_before, _after, _tensors, node, other);
        if (rules.Apply() is { } fault) Fault(node, fault);
    }

    private void Fault(NodeProto node, string reason)
    {
        _faults.Add($"{FactorTrace.NameOf(node)} ({node.OpType}): {reason}");
        // Said once: what follows is judged as if this node were right.
        foreach (var output in node.Output)
            if (_tensors.IsFloat(output)) _tensors.SetOne(output);
    }
}
