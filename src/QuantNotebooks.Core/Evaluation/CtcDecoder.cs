using System.Collections.Immutable;
using System.Numerics.Tensors;
using System.Text;
using QuantNotebooks.Images;

namespace QuantNotebooks.Evaluation;

/// <summary>
/// Reads text off a network's output by greedy connectionist temporal classification: the best class of every step, repeats once, blanks dropped.
/// Immutable and safe to share between threads.
/// </summary>
public sealed class CtcDecoder
{
    private readonly ImmutableArray<string> _classes;
    private readonly int _blank;

    private CtcDecoder(ImmutableArray<string> classes, int blank)
    {
        _classes = classes;
        _blank = blank;
    }

    /// <summary>Number of classes that the network must tell apart: the characters, the blank, and the space where it is one of them.</summary>
    public int Classes => _classes.Length;

    /// <summary>The decoder of a task.</summary>
    /// <param name="task">The task.</param>
    /// <exception cref="QuantNotebooksException">The blank is no class.</exception>
    public static CtcDecoder For(CtcTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        var classes = task.Characters.ToList();
        if (task.LastIsSpace) classes.Add(" ");
        if (task.Blank < 0 || task.Blank > classes.Count)
            throw new QuantNotebooksException(FormattableString.Invariant($"The blank, {task.Blank}, must be one of the classes 0 to {classes.Count}."));
        classes.Insert(task.Blank, "");
        return new CtcDecoder([.. classes], task.Blank);
    }

    /// <summary>The text of one image.</summary>
    /// <param name="scores">[T, Classes]: scores or probabilities of each step.</param>
    public string Decode(ReadOnlySpan<float> scores)
    {
        var text = new StringBuilder();
        var previous = _blank;
        for (var step = 0; step + Classes <= scores.Length; step += Classes)
        {
            var best = TensorPrimitives.IndexOfMax(scores.Slice(step, Classes));
            if (best != previous && best != _blank) text.Append(_classes[best]);
            previous = best;
        }
        return text.ToString();
    }
}
