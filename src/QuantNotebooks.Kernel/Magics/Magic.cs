using QuantNotebooks.Kernel.Packages;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Notebook.Commands;
using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Kernel.Magics;

/// <summary>A line of a cell that is a command to the notebook, not C#: <c>#!name words</c>.</summary>
internal abstract class Magic
{
    /// <summary>What every magic begins with.</summary>
    public const string Prefix = "#!";

    /// <summary>Its name without the prefix.</summary>
    public abstract string Name { get; }

    /// <summary>What it does, in one line.</summary>
    public abstract string Summary { get; }

    /// <summary>What may follow the name, as help shows it.</summary>
    public virtual string Usage => "";

    /// <summary>Whether the lines below, up to the next magic, are its text and not C#.</summary>
    public virtual bool TakesText => false;

    /// <summary>Help for a reader who wants to know more than the summary.</summary>
    public virtual string Help => $"{Prefix}{Name} {Usage}".TrimEnd() + "\n\n" + string.Concat(WrappedText.Lines(Summary, LongestLine).Select(line => line + "\n"));

    /// <summary>How long a line of help may be: hosts may break it anywhere.</summary>
    protected const int LongestLine = 70;

    /// <summary>Checks the words and returns what is to be done. Nothing of a cell runs before all its magics are checked.</summary>
    /// <param name="words">The words after the name.</param>
    /// <param name="text">The lines below, where it takes them.</param>
    /// <exception cref="CommandUsageException">The words make no sense.</exception>
    public abstract Action<MagicRun> Bind(IReadOnlyList<string> words, string text);

    /// <summary>Refuses words where there must be none.</summary>
    protected static void RequireNone(IReadOnlyList<string> words)
    {
        if (words.Count > 0) throw new CommandUsageException($"'{words[0]}' is one word too many.");
    }
}

/// <summary>What a magic can do to the session while it runs. Not thread safe.</summary>
/// <param name="Engine">The session's C#.</param>
/// <param name="Packages">The session's packages.</param>
/// <param name="Reset">Makes the session one in which nothing has run.</param>
internal sealed record MagicRun(ScriptEngine Engine, SessionPackages Packages, Action Reset)
{
    /// <summary>The variable to set when the magic is done, and its value; null for none.</summary>
    public (string Name, object Value)? Assignment { get; set; }

    /// <summary>How long it may take to end by itself when it is interrupted, as things stand.</summary>
    public Func<TimeSpan> Patience { get; set; } = () => TimeSpan.FromMilliseconds(500);

    /// <summary>What to do when the cell has ended, however it ends.</summary>
    public Action? AtEndOfCell { get; set; }
}
