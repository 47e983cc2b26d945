using System.Text;

namespace QuantNotebooks.Kernel.Jupyter;

/// <summary>A kernel's process that died while it ran a cell.</summary>
/// <param name="Cell">The cell's number and first line of code.</param>
/// <param name="Request">The header of the request to run it.</param>
/// <param name="Words">What the process said last on standard error, line by line; null where nobody listened.</param>
internal sealed record DeadKernel(string Cell, byte[] Request, IReadOnlyList<string>? Words)
{
    /// <summary>What the notebook's user gets to read.</summary>
    public string Explanation
    {
        get
        {
            var text = new StringBuilder($"The kernel's process died while it ran cell {Cell}\n{Cause}\n");
            // Below the cell's own functions stands how cells are run.
            foreach (var line in (Words ?? []).TakeWhile(line => !line.Contains(".AsyncMethodBuilderCore.", StringComparison.Ordinal))) text.Append("    ").Append(line).Append('\n');
            return text.Append("Jupyter has started a new one. All variables are lost: run the cells again that make them.\n").ToString();
        }
    }

    private string Cause => Words switch
    {
        null => "Likely causes: a recursion without end in code that is not the cell's own (a library, a loaded file, a record's GetHashCode), Environment.FailFast, memory that ran out, "
            + "or a kill from outside. The terminal that Jupyter was started in may say which.",
        [] => "It was killed from outside, for it said nothing: by a person, or by the system, as systems do when memory runs out.",
        [var first, ..] when first.StartsWith(LastWords.StackOverflow, StringComparison.Ordinal) =>
            "The stack overflowed: a recursion without end in code that is not the cell's own, such as a library, a loaded file, or a record's GetHashCode. Its last words:",
        _ => "Its last words:",
    };
}
