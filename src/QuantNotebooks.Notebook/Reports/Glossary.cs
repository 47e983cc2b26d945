namespace QuantNotebooks.Notebook.Reports;

/// <summary>The terms of a report, each in a sentence, with the formula where there is one.</summary>
internal static class Glossary
{
    public static IReadOnlyList<(string Term, string Meaning)> Entries { get; } =
    [
        ("Layer", "A linear operator (Conv, Gemm, MatMul…) with its bias and the activation that follows; batch normalization is folded in."),
        ("Quantization", "Rounding numbers to a grid of 2^bits values: q = clamp(round(x / s) + z), x^ = (q - z) s."),
        ("Mean activation shift", "E[q] - E[y] of a channel: by how much its mean is off in the quantized network. A bias can take it away (Finkelstein, Almog and Grobman, arXiv 1906.03193)."),
        ("σ, sigma", "The standard deviation of the channel in full precision, over images and positions: the unit in which shifts of different channels compare."),
        ("rQNSR", "Root quantization noise to signal ratio of a layer, sqrt(Σ E[e²] / Σ E[y²]) over its channels, e = q - y."),
        ("MSSR", "Mean shift to signal ratio, sqrt(Σ E[e]² / Σ E[y²]): the part of rQNSR that is a constant offset a channel."),
        ("Share", "MSSR² / rQNSR²: how much of a layer's noise energy is mean shift."),
        ("SQNR", "Signal to quantization noise ratio, -20 log10 rQNSR, in dB: 6 dB are one bit."),
        ("Own weights, own input, inherited", "The parts of a shift: what rounding this layer's weights does, what rounding its input does, and what comes from the layers before. They add up to it."),
        ("Sensitivity", "The noise at the network's output with one layer quantized and all else in full precision."),
        ("Equalization", "Scaling channels of one layer up and of its readers down, so that their ranges become equal; the function stays (Meller, Finkelstein, Almog and Grobman, arXiv 1902.01917; Nagel and others, arXiv 1906.04721)."),
        ("Bias correction", "Adding the shift with the opposite sign to the bias."),
        ("Dead channel", "A channel whose output never changes. Its weights can still set the grid of its whole layer."),
        ("Calibration, held out", "Images that set ranges and corrections; images that had no part in it, on which the results are checked."),
    ];
}
