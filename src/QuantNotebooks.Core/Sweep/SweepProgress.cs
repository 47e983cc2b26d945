namespace QuantNotebooks.Sweep;

/// <summary>How far a long operation has come.</summary>
/// <param name="Done">Steps done.</param>
/// <param name="Total">Steps in all.</param>
/// <param name="Current">What is under way, for example a layer's name.</param>
public readonly record struct SweepProgress(int Done, int Total, string Current);
