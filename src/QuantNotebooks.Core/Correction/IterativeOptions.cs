using QuantNotebooks.Networks;
using QuantNotebooks.Sweep;
using static System.FormattableString;

namespace QuantNotebooks.Correction;

/// <summary>What iterative bias correction may hold back. By default it corrects every channel by all that it measured. Immutable.</summary>
public sealed record IterativeOptions
{
    /// <summary>Corrects everything, as paper A does (our reading).</summary>
    public static IterativeOptions Default { get; } = new();

    /// <summary>
    /// Where the shift is to vanish; layers without an activation have one point only. Before the activation, the usual, the bias moves by minus the shift.
    /// After it, before the output is put on its grid, the bias k solves E[f(q + k)] = E[f(y)] a channel: what the next layer reads has the right mean,
    /// although the noise before a kink such as ReLU's would give it another.
    /// </summary>
    public LayerPoint Point { get; init; }

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

    /// <summary>
    /// Whether a cancelled correction gives the network with the layers that it is done with corrected, see <see cref="CorrectionResult.StoppedAfter"/>,
    /// instead of throwing. It throws all the same where it is done with none.
    /// </summary>
    public bool KeepDone { get; init; }

    /// <summary>
    /// Most memory for tensors, all images of a layer being held at once; what is beyond it goes to a temporary file. Null for
    /// <see cref="MemoryBudget.Default"/>.
    /// </summary>
    public MemoryBudget? Memory { get; init; }
}
