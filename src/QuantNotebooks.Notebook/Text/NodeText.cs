using QuantNotebooks.Networks;

namespace QuantNotebooks.Notebook.Text;

/// <summary>The nodes beside the layers in words, one line for all that share a role or a reason.</summary>
internal static class NodeText
{
    private const int NamesShown = 3;

    /// <summary>"10 Add: sums of tensors, quantized".</summary>
    public static IEnumerable<string> Understood(Network network) => network.OtherNodes
        .GroupBy(node => node.Role)
        .Select(group => $"{Operators(group.Select(node => node.Operator))}: {group.Key}");

    /// <summary>"2 MatMul: its weights are computed, not constant (first, second)".</summary>
    public static IEnumerable<string> NotAnalysed(Network network) => network.NotAnalysed
        .GroupBy(node => node.Reason)
        .Select(group => $"{Operators(group.Select(node => node.Operator))}: {group.Key} ({Names([.. group.Select(node => node.Node)])})");

    private static string Operators(IEnumerable<string> operators) => string.Join(", ", operators
        .GroupBy(name => name)
        .OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal)
        .Select(group => FormattableString.Invariant($"{group.Count()} {group.Key}")));

    private static string Names(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(NamesShown)) + (names.Count > NamesShown ? FormattableString.Invariant($" and {names.Count - NamesShown} more") : "");
}
