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
            "Least, largest: factors. Made, read: the largest channel's max |w| over the median channel's, of the weights that make and of those that read the channels, before and after (→); 1 is equal. w and a bits, of weights and activations: "
                + "median over channels of log2 of how many times more steps of the shared grid the channel spans.",
            Compared(result.Certificate) + (result.Certificate.OwnRounding is null ? "" : " Factors that are powers of two move nothing."),
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

    private static string Structure(StructureCertificate structure) => structure.Holds
        ? $"By structure the same function for all images: {NumberText.Count(structure.Nodes, "node")} checked, each tensor is the original's times a factor, and 1 at the outputs."
        : "The structure is not that of the same function: " + string.Join("; ", structure.Faults.Take(3)) + ".";

    /// <summary>What the comparison of outputs found, whatever a difference may come from.</summary>
    public static string Compared(EqualizationCertificate certificate) => certificate switch
    {
        { Images: null, StoppedBefore: not null } => "Stopped early: outputs were not compared.",
        { StoppedBefore: { } wanted } => $"Stopped early, after {NumberText.Count(certificate.Images.Count)} of {NumberText.Count(wanted, "image")}: {Compared(certificate with { StoppedBefore = null })}",
        { Images: null } => "Outputs were not compared: no images were given.",
        { BitExact: true } => $"The outputs are the same bit for bit on {certificate.Images}.",
        _ => $"The outputs differ by at most {NumberText.Significant(certificate.MaxAbsoluteDifference!.Value, 2)}, "
            + $"{NumberText.Significant(certificate.MaxRelativeDifference!.Value, 2)} of the largest, on {certificate.Images}." + Rounding(certificate),
    };

    private static string Rounding(EqualizationCertificate certificate) => certificate.OwnRounding is { } own
        ? $" Float rounding alone, each weight moved within its last bit, makes that {NumberText.Significant(own, 2)} for this network."
        : "";
}
