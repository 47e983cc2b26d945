using System.Text;

namespace QuantNotebooks.Notebook.Commands;

/// <summary>
/// The grammar of magics: words between spaces, double quotes around words that hold some, <c>--name value</c>, bare flags, and plain words for the
/// subject. A quote within quotes is written twice.
/// </summary>
internal static class CommandWords
{
    /// <summary>Takes a line apart.</summary>
    /// <exception cref="CommandUsageException">A quote does not end.</exception>
    public static IReadOnlyList<string> Split(string line)
    {
        var words = new List<string>();
        for (var position = 0; position < line.Length;)
        {
            if (char.IsWhiteSpace(line[position])) position++;
            else words.Add(ReadWord(line, ref position));
        }
        return words;
    }

    /// <summary>Sorts words into subjects and options and checks them.</summary>
    /// <param name="definition">The command that they are for.</param>
    /// <param name="words">What follows the command's name.</param>
    /// <exception cref="CommandUsageException">A word is wrong, missing or too many.</exception>
    public static CommandArguments Bind(CommandDefinition definition, IReadOnlyList<string> words)
    {
        var subjects = new List<string>();
        var options = new Dictionary<string, string?>();
        for (var index = 0; index < words.Count; index++)
        {
            var word = words[index];
            if (!IsOption(word))
            {
                subjects.Add(word);
                continue;
            }
            var option = Find(definition, word);
            string? value = null;
            if (!option.IsFlag)
            {
                if (index + 1 == words.Count || IsOption(words[index + 1])) throw new CommandUsageException($"{option.Name} wants a value: {option.Help}");
                value = words[++index];
            }
            if (!options.TryAdd(option.Name, value)) throw new CommandUsageException($"{option.Name} is given twice.");
        }
        return definition.Bind(subjects, options);
    }

    /// <summary>Whether a word is the name of an option.</summary>
    public static bool IsOption(string word) => word.StartsWith("--", StringComparison.Ordinal);

    private static CommandOption Find(CommandDefinition definition, string word)
    {
        if (definition.Options.FirstOrDefault(option => option.Name == word) is { } option) return option;
        if (word.IndexOf('=', StringComparison.Ordinal) is var sign and > 0 && definition.Options.Any(known => known.Name == word[..sign]))
            throw new CommandUsageException($"write '{word[..sign]} {word[(sign + 1)..]}', not '{word}'.");
        throw new CommandUsageException(NearestName.Unknown("option", word, definition.Options.Select(known => known.Name)));
    }

    private static string ReadWord(string line, ref int position)
    {
        var word = new StringBuilder();
        var isQuoted = false;
        for (; position < line.Length; position++)
        {
            var character = line[position];
            if (character == '"' && isQuoted && position + 1 < line.Length && line[position + 1] == '"')
            {
                word.Append('"');
                position++;
            }
            else if (character == '"') isQuoted = !isQuoted;
            else if (char.IsWhiteSpace(character) && !isQuoted) break;
            else word.Append(character);
        }
        return isQuoted ? throw new CommandUsageException($"the quote before '{word}' does not end.") : word.ToString();
    }
}
