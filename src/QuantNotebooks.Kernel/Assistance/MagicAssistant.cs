using QuantNotebooks.Kernel.Magics;
using QuantNotebooks.Notebook.Commands;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Kernel.Assistance;

/// <summary>Completes and explains magics: names, options, the words that an option takes, files, variables.</summary>
/// <param name="variables">The names of the session's variables.</param>
internal sealed class MagicAssistant(IReadOnlyList<string> variables)
{
    /// <summary>What could be written at a column of a magic's line.</summary>
    /// <param name="line">The line.</param>
    /// <param name="column">Where, from 0.</param>
    /// <param name="offset">Where the line begins in the cell.</param>
    public CompletionList Complete(string line, int column, int offset)
    {
        var start = StartOfWord(line, column);
        var typed = line[start..column];
        var items = Offers(line[..start], typed.TrimStart('"')).Where(item => item.Text.StartsWith(typed.TrimStart('"'), StringComparison.OrdinalIgnoreCase))
            .Select(item => item.Text.Contains(' ', StringComparison.Ordinal) ? item with { Text = $"\"{item.Text}\"" } : item);
        return new CompletionList(offset + start, offset + column, [.. items]);
    }

    /// <summary>Help for the option at a column, or for the magic; null where there is no such magic.</summary>
    public static string? Explain(string line, int column)
    {
        if (CellParts.NameIn(line) is not { } name || MagicSet.Find(name) is not { } magic) return null;
        var start = StartOfWord(line, column);
        var end = line.IndexOf(' ', start) is var space and >= 0 ? space : line.TrimEnd().Length;
        var word = start < end ? line[start..end] : "";
        return magic is CommandMagic command && command.Definition.Options.FirstOrDefault(option => option.Name == word) is { } found
            ? $"{found.Name} {found.ValueName}".TrimEnd() + $"\n\n{found.Help}{(found.DefaultText is { } usual ? $" (usual: {usual})" : "")}"
            : magic.Help;
    }

    private IEnumerable<CompletionItem> Offers(string before, string typed)
    {
        if (string.IsNullOrWhiteSpace(before)) return MagicSet.All.Select(magic => new CompletionItem(Magic.Prefix + magic.Name, "magic"));
        if (CellParts.NameIn(before) is not { } name || MagicSet.Find(name) is not { } magic) return [];
        if (magic is HelpMagic)
            return MagicSet.All.Select(other => other.Name).Concat(CommandSet.All.Select(command => command.Name)).Select(other => new CompletionItem(other, "magic"));
        if (magic is not CommandMagic { Definition: var definition }) return [];
        var words = before.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (definition.Options.FirstOrDefault(option => option.Name == words[^1]) is { IsFlag: false } option) return Values(option, typed);
        if (words[^1] == CommandMagic.As) return Variables();
        var options = definition.Options.Select(known => known.Name).Append(CommandMagic.As).Except(words).Select(known => new CompletionItem(known, "option"));
        if (typed.StartsWith('-')) return options;
        var subjectGiven = words.Length > 1 && !definition.Subject.IsMany && !CommandWords.IsOption(words[1]);
        return subjectGiven ? options : Variables().Concat(Files(typed));
    }

    // An option shows in its value's name what it takes: words to choose from, or a name of something.
    private IEnumerable<CompletionItem> Values(CommandOption option, string typed)
    {
        var name = option.ValueName!;
        if (name == "SET") return Variables().Concat(Files(typed));
        if (name.StartsWith("PRESET", StringComparison.Ordinal)) return QuantizationScheme.Presets.Select(preset => new CompletionItem(preset.Name, "value")).Concat(Files(typed));
        if (name.StartsWith("FILE", StringComparison.Ordinal) || name == "DIR") return Files(typed);
        return name.Split('|').Where(word => !char.IsUpper(word[0]) && !word.Contains("..", StringComparison.Ordinal))
            .Select(word => new CompletionItem(word, "value"));
    }

    private IEnumerable<CompletionItem> Variables() => variables.Select(name => new CompletionItem(name, "variable"));

    private static IEnumerable<CompletionItem> Files(string typed)
    {
        var folder = typed[..(typed.LastIndexOf('/') + 1)];
        try
        {
            return [.. new DirectoryInfo(folder.Length == 0 ? "." : folder).EnumerateFileSystemInfos().Where(entry => !entry.Name.StartsWith('.'))
                .OrderBy(entry => entry.Name, StringComparer.Ordinal)
                .Select(entry => new CompletionItem(folder + entry.Name + (entry is DirectoryInfo ? "/" : ""), "path"))];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return []; // a folder that does not exist has nothing to offer
        }
    }

    private static int StartOfWord(string line, int column)
    {
        var isQuoted = false;
        var start = 0;
        for (var index = 0; index < column; index++)
        {
            if (line[index] == '"') isQuoted = !isQuoted;
            else if (char.IsWhiteSpace(line[index]) && !isQuoted) start = index + 1;
        }
        return start;
    }
}
