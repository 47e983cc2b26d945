namespace QuantNotebooks.Sweep;

/// <summary>How far a long operation has come.</summary>
/// <param name="Done">Steps done.</param>
/// <param name="Total">Steps in all.</param>
/// <param name="Current">What is under way, for example a layer's name.</param>
public readonly record struct SweepProgress(int Done, int Total, string Current)
{
    /// <summary>Images that the whole operation takes; null where it does not go by images.</summary>
    public int? TotalImages { get; init; }

    /// <summary>Images done with; null where all go through one layer after the other, so that the steps are layers.</summary>
    public int? ImagesDone { get; init; }
}
