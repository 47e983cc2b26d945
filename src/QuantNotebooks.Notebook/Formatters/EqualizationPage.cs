using QuantNotebooks.Equalization;
using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Notebook.Frames;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Sensitivity;

namespace QuantNotebooks.Notebook.Formatters;

/// <summary>What an equalization says about itself.</summary>
internal static class EqualizationPage
{
    private const int EdgesShown = 24;

    public static ResultPage Of(EqualizationResult result)
    {
        var notes = new List<string>
        {
            "Made and read ratio: the widest channel's max |w| over the median channel's, of the weights that make and of those that read the channels, before and after; 1 is equal. "
                + "Bits, of weights and activations: median over channels of log2 of how many times more steps of the shared grid the channel spans.",
            CertificateText.Compared(result.Certificate) + (result.Certificate.OwnRounding is null ? "" : " Factors that are powers of two move nothing."),
            Structure(result.Structure),
        };
        notes.AddRange(result.Refused.Take(EdgesShown).Select(edge => $"Not scaled: {edge.From} to {edge.To}: {edge.Reason}."));
        if (result.Refused.Length > EdgesShown) notes.Add($"… {NumberText.Count(result.Refused.Length - EdgesShown, "more path")} not scaled");
        if (result.IsUnchanged) return new ResultPage($"{result.Network.Name}: nothing to equalize, the network is unchanged", null, [], notes);
        var chart = EqualizationChart.Of(result);
        return new ResultPage(chart.Title, result.ToFrame(), [chart, ChannelRangeChart.AllLayers(result), ChannelRangeChart.Of(result)], notes);
    }

    /// <summary>The same with what it does to each layer's noise: that is the finding, and its table comes first.</summary>
    public static ResultPage Of(EqualizationEffect effect)
    {
        var page = Of(effect.Equalization);
        string[] meaning =
        [
            "Noise: rQNSR of the network's output with the layer alone quantized, before and after; with its weights alone, and with the values it reads and makes alone. "
                + $"{effect.Scheme}; a sample of {effect.Images}.",
        ];
        return page with { Finding = effect.Finding, Pictures = effect.ToFrame().ToHtml(), Notes = [.. meaning, .. page.Notes] };
    }

    private static string Structure(StructureCertificate? structure) => structure switch
    {
        null => "Stopped early: that it is the same function by structure was not proved.",
        { Holds: true } => $"By structure the same function for all images: {NumberText.Count(structure.Nodes, "node")} checked, each tensor is the original's times a factor, and 1 at the outputs.",
        _ => "The structure is not that of the same function: " + string.Join("; ", structure.Faults.Take(3)) + ".",
    };
}
