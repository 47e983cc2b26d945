using QuantNotebooks.Equalization;
using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Notebook.Frames;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Pruning;

namespace QuantNotebooks.Notebook.Formatters;

/// <summary>What prunings say about themselves.</summary>
internal static class PruningPage
{
    public static ResultPage Of(PruningReport report) => new(report.Finding, report.ToFrame(), report.Plain[0].Score is null ? [] : [PruningChart.Of(report)],
    [
        .. report.StoppedBefore is { } wanted ? [ResultPages.StoppedEarly(report.Images, wanted)] : Array.Empty<string>(),
        "Plain: the smallest |w| go first. Factorized: the same weights of the network are judged by their |w| after equalization, which does not depend on how the scale is "
            + "spread over channels. Agreement and SQNR: with the network before pruning; nothing is quantized and nothing is trained.",
        $"{report.Options.Factorization!.Value.Text()}, {Scope(report.Options.Scope)}; {report.Images}.",
    ]);

    public static ResultPage Of(PruningResult result) => new(
        $"{result.Network.Parent!.Name}: {NumberText.Percent(result.Sparsity)} of the weights are zero", result.ToFrame(), [],
        [$"Judged by the magnitude {(result.Options.Factorization is { } method ? $"with {method.Text()} factors" : "as it is")}, {Scope(result.Options.Scope)}."]);

    private static string Scope(PruningScope scope) => scope == PruningScope.Layer ? "the same share in every layer" : "one threshold for all layers";
}
