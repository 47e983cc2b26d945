using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace QuantNotebooks.Kernel.Scripting;

/// <summary>Exceptions as a notebook's user wants them: what happened, and where in which cell, without the engine's own frames.</summary>
internal static partial class ExceptionText
{
    private const string FilePrefix = "cell ";

    // Of a recursion without end, more lines say nothing more.
    private const int MostFrames = 30;

    /// <summary>The file name under which a cell is compiled, so that stack traces name the cell.</summary>
    public static string FileNameOf(int cell) => FilePrefix + cell.ToString(CultureInfo.InvariantCulture);

    /// <summary>The exception's type and message, then those of its inner exceptions.</summary>
    public static IEnumerable<string> Lines(Exception exception)
    {
        yield return $"{exception.GetType().FullName}: {exception.Message}";
        for (var inner = exception.InnerException; inner is not null; inner = inner.InnerException)
            yield return $"  caused by {inner.GetType().FullName}: {inner.Message}";
    }

    /// <summary>The frames that are lines of cells, innermost first; those of the innermost exception that has any.</summary>
    /// <param name="exception">The exception that left the cell.</param>
    /// <param name="sourceOf">The source of a cell by its number, or null.</param>
    public static IReadOnlyList<CellFrame> Frames(Exception exception, Func<int, string?> sourceOf)
    {
        if (exception.InnerException is { } inner && Frames(inner, sourceOf) is { Count: > 0 } innermost) return innermost;
        var frames = new List<CellFrame>();
        foreach (var frame in new StackTrace(exception, fNeedFileInfo: true).GetFrames())
        {
            if (frames.Count == MostFrames) break;
            // Roslyn puts the current directory before the name.
            if (Path.GetFileName(frame.GetFileName()) is not { } file || !file.StartsWith(FilePrefix, StringComparison.Ordinal)) continue;
            if (!int.TryParse(file.AsSpan(FilePrefix.Length), CultureInfo.InvariantCulture, out var cell)) continue;
            var lines = sourceOf(cell)?.Split('\n') ?? [];
            var line = frame.GetFileLineNumber();
            frames.Add(new CellFrame(cell, line, MethodName(frame), line >= 1 && line <= lines.Length ? lines[line - 1].Trim() : ""));
        }
        return frames;
    }

    // Compiler-generated names: "<<Initialize>>d__0.MoveNext" is a cell's top level, "<Load>d__3.MoveNext" an async or iterator method,
    // "<Load>b__0" a lambda in it, "<Load>g__Inner|0" a local function.
    private static string? MethodName(StackFrame frame)
    {
        var method = frame.GetMethod();
        if (method is null) return null;
        var name = method.Name == "MoveNext" ? method.DeclaringType?.Name ?? method.Name : method.Name;
        if (name.Contains("<Initialize>", StringComparison.Ordinal) || name == "<Factory>") return null;
        if (LocalFunction().Match(name) is { Success: true } local) return local.Groups[1].Value;
        if (Generated().Match(name) is { Success: true } generated) return generated.Groups[1].Value;
        return method is { IsConstructor: true, DeclaringType: { } type } ? "new " + type.Name : name;
    }

    [GeneratedRegex(@"g__(\w+)\|")]
    private static partial Regex LocalFunction();

    [GeneratedRegex(@"^<(\w+)>")]
    private static partial Regex Generated();
}
