using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Notebook.Commands;

namespace QuantNotebooks.Kernel.Magics;

/// <summary>A part of a cell: C#, or a magic.</summary>
/// <param name="Line">The line of the cell at which it begins, from 1.</param>
internal abstract record CellPart(int Line);

/// <summary>C#, with empty lines before it so that its lines have the numbers that they have in the cell.</summary>
internal sealed record CodePart(int Line, string Code) : CellPart(Line);

/// <summary>A magic, checked.</summary>
/// <param name="Line">Its line.</param>
/// <param name="Name">Its name.</param>
/// <param name="Source">The line itself.</param>
/// <param name="Run">What it does.</param>
internal sealed record MagicPart(int Line, string Name, string Source, Action<MagicRun> Run) : CellPart(Line);

/// <summary>A magic that makes no sense; the message is for the user.</summary>
internal sealed class MagicUsageException(int line, string source, string message) : Exception(message)
{
    public int Line => line;

    public string SourceLine => source;
}

/// <summary>What is at a place of a cell.</summary>
internal enum PlaceKind
{
    /// <summary>C#.</summary>
    Code,

    /// <summary>The line of a magic.</summary>
    Magic,

    /// <summary>The text of a magic.</summary>
    Text,
}

/// <summary>A place of a cell.</summary>
/// <param name="Kind">What is there.</param>
/// <param name="Line">The line.</param>
/// <param name="LineStart">Where that line begins in the cell, in UTF-16 units.</param>
/// <param name="Code">The cell with spaces for all that is not C#.</param>
internal sealed record CellPlace(PlaceKind Kind, string Line, int LineStart, string Code);

/// <summary>Takes a cell apart into C# and magics.</summary>
internal static partial class CellParts
{
    /// <summary>The parts in order; none for a cell without any code.</summary>
    /// <exception cref="MagicUsageException">A magic does not exist, or its words make no sense.</exception>
    public static IReadOnlyList<CellPart> Of(string cell)
    {
        var lines = cell.Split('\n');
        var parts = new List<CellPart>();
        foreach (var (first, end, name) in Outline(lines))
        {
            if (name is not null) parts.Add(ToMagic(lines, first, end, name));
            else if (lines[first..end].Any(text => !string.IsNullOrWhiteSpace(text)))
                parts.Add(new CodePart(first + 1, new string('\n', first) + string.Join('\n', lines[first..end])));
        }
        return parts;
    }

    /// <summary>The cell's text piece by piece, in order and complete: C#, magics' lines, and magics' texts.</summary>
    public static IEnumerable<(PlaceKind Kind, string Text)> Pieces(string cell)
    {
        var lines = cell.Split('\n');
        foreach (var (first, end, name) in Outline(lines))
        {
            if (name is null) yield return (PlaceKind.Code, Joined(first, end));
            else yield return (PlaceKind.Magic, Joined(first, first + 1));
            if (name is not null && end > first + 1) yield return (PlaceKind.Text, Joined(first + 1, end));
        }

        string Joined(int first, int end) => string.Join('\n', lines[first..end]) + (end < lines.Length ? "\n" : "");
    }

    /// <summary>What is at a position of a cell that is still being written.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="position">The position, in UTF-16 units.</param>
    public static CellPlace PlaceOf(string cell, int position)
    {
        var lines = cell.Split('\n');
        var lineStart = position == 0 ? 0 : cell.LastIndexOf('\n', position - 1) + 1;
        var index = cell.AsSpan(0, lineStart).Count('\n');
        var code = cell.ToCharArray();
        var kind = PlaceKind.Code;
        var start = 0;
        foreach (var (first, end, name) in Outline(lines))
        {
            var length = lines[first..end].Sum(line => line.Length + 1);
            if (name is not null)
            {
                // Spaces instead, so that the C# keeps its positions.
                foreach (ref var character in code.AsSpan(start, Math.Min(length, code.Length - start))) if (character != '\n') character = ' ';
                if (index == first) kind = PlaceKind.Magic;
                else if (index > first && index < end) kind = PlaceKind.Text;
            }
            start += length;
        }
        if (kind == PlaceKind.Code && lines[index].Trim() == Magic.Prefix) kind = PlaceKind.Magic; // its name is about to be written
        return new CellPlace(kind, lines[index], lineStart, new string(code));
    }

    /// <summary>The name of the magic that a line would be, or null. Where C# is, it may be part of a string or comment all the same.</summary>
    public static string? NameIn(string line) => MagicLine().Match(line) is { Success: true } match ? match.Groups[1].Value : null;

    private static MagicPart ToMagic(string[] lines, int first, int end, string name)
    {
        try
        {
            var words = CommandWords.Split(lines[first].Trim()[(Magic.Prefix.Length + name.Length)..]);
            var text = string.Join('\n', lines[(first + 1)..end]).Trim('\n', '\r');
            return new MagicPart(first + 1, name, lines[first].Trim(), MagicSet.Get(name).Bind(words, text));
        }
        catch (CommandUsageException mistake)
        {
            throw new MagicUsageException(first + 1, lines[first].TrimEnd('\r'), mistake.Message);
        }
    }

    // Which lines are C#, and which a magic and its text.
    private static IEnumerable<(int First, int End, string? Name)> Outline(string[] lines)
    {
        for (var line = 0; line < lines.Length;)
        {
            var name = NameIn(lines[line]);
            var end = name is null ? EndOfCode(lines, line) : line + 1;
            if (name is not null && MagicSet.Find(name) is { TakesText: true })
            {
                while (end < lines.Length && NameIn(lines[end]) is null) end++;
            }
            yield return (line, end, name);
            line = end;
        }
    }

    // The next line that begins with the prefix, unless it is inside a string or comment or left out by #if.
    private static int EndOfCode(string[] lines, int start)
    {
        var candidates = Enumerable.Range(start, lines.Length - start).Where(line => NameIn(lines[line]) is not null).ToList();
        if (candidates.Count == 0) return lines.Length;
        var tree = CSharpSyntaxTree.ParseText(string.Join('\n', lines[start..]), CellSyntax.ParseOptions);
        foreach (var candidate in candidates)
        {
            var position = lines[start..candidate].Sum(line => line.Length + 1) + lines[candidate].IndexOf('#', StringComparison.Ordinal);
            var trivia = tree.GetRoot().FindTrivia(position);
            if (trivia.GetStructure() is DirectiveTriviaSyntax { IsActive: true }) return candidate;
        }
        return lines.Length;
    }

    [GeneratedRegex(@"^\s*#!([A-Za-z][\w-]*)(?=\s|$)")]
    private static partial Regex MagicLine();
}
