using System.CommandLine;
using System.CommandLine.Parsing;

namespace QuantNotebooks.Kernel.CommandLine;

/// <summary>Wrong usage, said in a line for each mistake: what is wrong, the nearest thing that exists, and where help is.</summary>
internal static class UsageErrors
{
    /// <summary>The mistakes in a command line; none if it can be run.</summary>
    public static IReadOnlyList<string> Lines(ParseResult parsed)
    {
        var unknown = UnknownWords(parsed);
        if (unknown.Count == 0 && parsed.Errors.Count == 0) return [];
        var command = parsed.CommandResult.Command;
        var known = command.Subcommands.Select(sub => sub.Name).Concat(OptionNames(parsed.CommandResult)).ToList();
        // With an unknown word, what else the parser misses follows from it.
        var mistakes = unknown.Count > 0
            ? unknown.Select(word => Unknown(word, command, known))
            : parsed.Errors.Select(mistake => mistake.Message.ReplaceLineEndings(" "));
        return [.. mistakes.Select(mistake => "quantnb: " + mistake), $"Try '{FullName(parsed.CommandResult)} --help'."];
    }

    private static string Unknown(string word, Command command, IReadOnlyList<string> known)
    {
        var kind = word.StartsWith('-') ? "option" : command.Subcommands.Count > 0 ? "command" : "argument";
        return $"unknown {kind} '{word}'{(Nearest(word, known) is { } nearest ? $"; did you mean '{nearest}'?" : "")}";
    }

    // The parser takes an unknown option for an argument where arguments are expected; "--" is how to mean that.
    private static List<string> UnknownWords(ParseResult parsed)
    {
        var taken = parsed.Tokens.Any(token => token.Type == TokenType.DoubleDash) ? [] : parsed.CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(argument => argument.Tokens).Select(token => token.Value).Where(word => word.Length > 1 && word[0] == '-');
        var words = parsed.UnmatchedTokens.Concat(taken).Select(word => word.Split('=', 2)[0]).ToList();
        // After an unknown command nobody can say what the words behind it are.
        return parsed.CommandResult.Command.Subcommands.Count > 0 ? [.. words.Take(1)] : words;
    }

    // A command's own options, and those that its parents hand down.
    private static IEnumerable<string> OptionNames(CommandResult result)
    {
        for (SymbolResult? level = result; level is not null; level = level.Parent)
        {
            if (level is not CommandResult { Command: { } command }) continue;
            foreach (var option in command.Options.Where(option => level == result || option.Recursive)) yield return option.Name;
        }
    }

    private static string FullName(CommandResult result)
    {
        var names = new Stack<string>();
        for (SymbolResult? level = result; level is not null; level = level.Parent)
        {
            if (level is CommandResult { Command: { } command }) names.Push(command is RootCommand ? "quantnb" : command.Name);
        }
        return string.Join(' ', names);
    }

    private static string? Nearest(string word, IReadOnlyList<string> known)
    {
        var best = known.Select(candidate => (Candidate: candidate, Distance: Distance(word, candidate))).OrderBy(pair => pair.Distance).FirstOrDefault();
        return best.Candidate is not null && best.Distance <= Math.Max(2, word.Length / 3) ? best.Candidate : null;
    }

    // Edits to get from one word to the other (Levenshtein), two neighbours swapped counting as one.
    private static int Distance(string from, string to)
    {
        var table = new int[from.Length + 1, to.Length + 1];
        for (var i = 0; i <= from.Length; i++) table[i, 0] = i;
        for (var j = 0; j <= to.Length; j++) table[0, j] = j;
        for (var i = 1; i <= from.Length; i++)
        {
            for (var j = 1; j <= to.Length; j++)
            {
                var replaced = table[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                table[i, j] = Math.Min(replaced, Math.Min(table[i - 1, j], table[i, j - 1]) + 1);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
            }
        }
        return table[from.Length, to.Length];
    }
}
