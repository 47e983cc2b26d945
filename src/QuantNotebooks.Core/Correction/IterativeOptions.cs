using static System.FormattableString;

namespace QuantNotebooks.Correction;

/// <summary>What iterative bias correction may hold back. By default it corrects every channel by all that it measured. Immutable.</summary>
public sealed record IterativeOptions
{
    /// <summary>Corrects everything, as paper A does (our reading).</summary>
    public static IterativeOptions Default { get; } = new();

    /// <summary>Corrects only channels whose |shift| is larger than that many standard errors over images; 0 corrects all.</summary>
    /// <exception cref="QuantNotebooksException">The number is negative or not finite.</exception>
    public double Significance
    {
        get;
        init => field = value >= 0 && double.IsFinite(value) ? value : throw new QuantNotebooksException(Invariant($"The significance must be a number of standard errors of at least 0, not {value}."));
    }

    /// <summary>
    /// Multiplies each correction by 1 - se^2 / shift^2, or by 0 where that is negative: of a shift measured on few images the part that is chance.
    /// </summary>
    public bool Shrink { get; init; }

    /// <summary>
    /// That many of the last images don't correct but check: a layer whose error on them would grow is left alone. 0 checks nothing.
    /// </summary>
    /// <exception cref="QuantNotebooksException">The number is negative.</exception>
    public int SetAside
    {
        get;
        init => field = value >= 0 ? value : throw new QuantNotebooksException(Invariant($"The number of images set aside must be at least 0, not {value}."));
    }
}
