namespace QuantNotebooks.Evaluation;

/// <summary>What an evaluation takes in besides networks, images and schemes. Immutable.</summary>
public sealed record EvaluationOptions
{
    /// <summary>The usual: all images, or nothing.</summary>
    public static EvaluationOptions Default { get; } = new();

    /// <summary>
    /// Whether a cancelled evaluation gives the result of the images that it is done with, see <see cref="EvaluationResult.StoppedBefore"/>, instead
    /// of throwing. It throws all the same where it is done with none.
    /// </summary>
    public bool KeepDone { get; init; }
}
