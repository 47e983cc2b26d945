namespace QuantNotebooks.Sweep;

/// <summary>The parts of a layer's mean shift before the activation in one batch, each one value a channel.</summary>
/// <param name="Count">Values of a channel that the means are over.</param>
/// <param name="Weights">E[y(x, Wq) - y(x, W)], the bias's own change with it.</param>
/// <param name="InputRounding">E[y(x^, Wq) - y(x, Wq)], x^ = the full-precision input on this layer's input grid.</param>
/// <param name="Inherited">E[y(xq, Wq) - y(x^, Wq)], xq = what the quantized network really gives the layer.</param>
/// <param name="Predicted">The first-order prediction of <paramref name="Weights"/>: (Wq - W) E[x] with one mean an input channel.</param>
internal sealed record ShiftParts(long Count, double[] Weights, double[] InputRounding, double[] Inherited, double[] Predicted);
