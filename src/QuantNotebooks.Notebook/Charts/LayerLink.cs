using QuantNotebooks.Networks;
using static QuantNotebooks.Notebook.Charts.PlotlyNode;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>
/// What chart.js needs to link charts: a layer that is chosen in one is marked in all others of the page that show the same network, before or after it was
/// changed.
/// </summary>
internal static class LayerLink
{
    /// <summary>The layout's <c>meta</c>: layers stand at 0, 1, 2… along an axis.</summary>
    /// <param name="network">The network, or one derived from it.</param>
    /// <param name="layers">The layers in the order of the axis.</param>
    /// <param name="axis">"x" or "y".</param>
    /// <param name="more">Further entries.</param>
    public static DynamicObj.DynamicObj Of(Network network, IEnumerable<Layer> layers, string axis, params (string Name, object? Value)[] more)
    {
        var root = network;
        while (root.Parent is { } parent) root = parent;
        return With(Node(("group", root.Name), ("layers", layers.Select(layer => layer.Name).ToArray()), ("axis", axis)), more);
    }
}
