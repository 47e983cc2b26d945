using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Scripting;

/// <summary>What came of running a cell.</summary>
/// <param name="Number">The cell's execution count; 1 is the first cell of a session.</param>
internal abstract record CellResult(int Number)
{
    /// <summary>The failure as Jupyter's error messages want it, or null where the cell succeeded.</summary>
    public abstract CellError? Error { get; }
}

/// <summary>The cell ran to its end.</summary>
/// <param name="Number">The cell's execution count.</param>
/// <param name="HasValue">Whether the cell ended in an expression without a semicolon that is not void.</param>
/// <param name="Value">That expression's value.</param>
/// <param name="Display">The value, formatted; null where there is none, or it stands for what is shown already.</param>
internal sealed record CellSucceeded(int Number, bool HasValue, object? Value, MimeBundle? Display) : CellResult(Number)
{
    public override CellError? Error => null;
}

/// <summary>The cell did not compile; nothing of it ran.</summary>
internal sealed record CellDidNotCompile(int Number, IReadOnlyList<CellDiagnostic> Diagnostics) : CellResult(Number)
{
    public override CellError Error => new("Compilation failed", Diagnostics[0].ToString(), [.. Diagnostics.SelectMany(diagnostic => diagnostic.Lines)]);
}

/// <summary>The cell's code threw an exception. Variables that it had set by then keep their values.</summary>
/// <param name="Number">The cell's execution count.</param>
/// <param name="Exception">What was thrown.</param>
/// <param name="Frames">The stack, innermost first, without frames outside of cells.</param>
internal sealed record CellThrew(int Number, Exception Exception, IReadOnlyList<CellFrame> Frames) : CellResult(Number)
{
    public override CellError Error => new(
        Exception.GetType().FullName ?? Exception.GetType().Name,
        Exception.Message,
        [.. ExceptionText.Lines(Exception), .. Frames.Select(frame => "   " + frame)]);
}

/// <summary>A magic could not do what it was asked for.</summary>
/// <param name="Number">The cell's execution count.</param>
/// <param name="Line">The magic's line in the cell, from 1.</param>
/// <param name="SourceLine">That line.</param>
/// <param name="Message">Why, for a human.</param>
internal sealed record MagicFailed(int Number, int Line, string SourceLine, string Message) : CellResult(Number)
{
    public override CellError Error => new(Name, Message, [$"{Name}: {Message}", "   " + new CellFrame(Number, Line, null, SourceLine.Trim())]);

    private string Name => SourceLine.Trim().Split(' ', 2)[0];
}

/// <summary>The user stopped the cell. Changes to variables of earlier cells stay, and what it had declared; if it was left behind that is lost.</summary>
/// <param name="Number">The cell's execution count.</param>
/// <param name="StillRunning">Whether some of its code did not stop, as native code and that of other libraries may not, and goes on in the background.</param>
internal sealed record CellInterrupted(int Number, bool StillRunning) : CellResult(Number)
{
    /// <summary>The variable that holds what was done until then; null for none.</summary>
    public string? Kept { get; init; }

    public override CellError Error => new("Interrupted", Text, [Text]);

    private string Text => StillRunning ? "The cell was interrupted; code that it called, of another library or native, has not returned yet."
        : Kept is null ? "The cell was interrupted." : $"The cell was interrupted; '{Kept}' holds what was done until then.";
}

/// <summary>A failure in the form of Jupyter's <c>error</c> message and of nbformat's error output.</summary>
/// <param name="Name">The exception's type, or what kind of failure this is.</param>
/// <param name="Message">One line or a few, for a human.</param>
/// <param name="Traceback">All there is to say, line by line, beginning with name and message; no ANSI colours.</param>
internal sealed record CellError(string Name, string Message, IReadOnlyList<string> Traceback);

/// <summary>A compiler error.</summary>
/// <param name="Id">The compiler's identifier, for example CS0103, or QN… where this engine found the error.</param>
/// <param name="Line">The line in the cell, from 1.</param>
/// <param name="Column">The column in characters, from 1.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="SourceLine">The offending line of the cell.</param>
internal sealed record CellDiagnostic(string Id, int Line, int Column, string Message, string SourceLine)
{
    /// <summary>The error and, below it, the source line with a caret under the column.</summary>
    public IReadOnlyList<string> Lines => [ToString(), "    " + SourceLine, "    " + Indent + "^"];

    // Tabs stay tabs, so that the caret stands below its character.
    private string Indent => string.Concat(SourceLine.Take(Column - 1).Select(character => character == '\t' ? '\t' : ' '));

    public override string ToString() => $"({Line},{Column}): error {Id}: {Message}";
}

/// <summary>A line of a cell on the stack of an exception.</summary>
/// <param name="Cell">The execution count of the cell that holds the line.</param>
/// <param name="Line">The line in that cell, from 1.</param>
/// <param name="Method">The method as the user wrote it, or null at the cell's top level.</param>
/// <param name="SourceLine">The line itself, trimmed.</param>
internal sealed record CellFrame(int Cell, int Line, string? Method, string SourceLine)
{
    public override string ToString() => $"at {(Method is null ? "" : Method + ", ")}cell {Cell}, line {Line}: {SourceLine}";
}
