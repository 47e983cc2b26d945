namespace QuantNotebooks.Recommendation;

/// <summary>What a recommendation may take. Immutable.</summary>
public sealed record RecommendationOptions
{
    /// <summary>The usual: one minute.</summary>
    public static RecommendationOptions Default { get; } = new();

    /// <summary>
    /// Time for weighing remedies and trying the plan. The first measurement is always made, and what is under way when the time is over is finished;
    /// what there was no time for is named in <see cref="RecommendationReport.Untried"/>.
    /// </summary>
    /// <exception cref="QuantNotebooksException">It is not positive.</exception>
    public TimeSpan Budget
    {
        get;
        init => field = value > TimeSpan.Zero ? value : throw new QuantNotebooksException("A time budget must be longer than nothing.");
    } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Whether a recommendation that is cancelled gives what was measured, weighed and tried so far, see <see cref="RecommendationReport.Stopped"/>,
    /// instead of throwing. It throws all the same where not a batch of images has gone through all layers alone: there is nothing to say then.
    /// </summary>
    public bool KeepDone { get; init; }
}
