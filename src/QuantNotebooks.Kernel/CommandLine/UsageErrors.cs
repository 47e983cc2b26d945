using System.CommandLine;
using System.CommandLine.Parsing;
using QuantNotebooks.Notebook.Commands;

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
            ? unknown.Select(word => NearestName.Unknown(word.StartsWith('-') ? "option" : command.Subcommands.Count > 0 ? "command" : "argument", word, known))
            : parsed.Errors.Select(Said);
        return [.. mistakes.Select(mistake => "quantnb: " + mistake), $"Try '{FullName(parsed.CommandResult)} --help'."];
    }

    // The parser's own words don't say what would be right; those of magics do, and both are the same commands.
    private static string Said(ParseError mistake) => mistake.SymbolResult switch
    {
        ArgumentResult { Tokens.Count: 0, Parent: OptionResult { Option: var option } } => $"{option.Name} wants a value: {option.Description}",
        ArgumentResult { Tokens.Count: 0, Argument: var argument } => $"{argument.Name} is missing: {argument.Description}",
        OptionResult { Tokens.Count: 0, Implicit: true, Option: var option } => $"{option.Name} is missing: {option.Description}",
        OptionResult { Tokens.Count: 0, Option: var option } => $"{option.Name} wants a value: {option.Description}",
        ArgumentResult { Parent: OptionResult { Option: { Arity.MaximumNumberOfValues: 1 } option, IdentifierTokenCount: > 1 } } => $"{option.Name} is given twice.",
        OptionResult { Option: { Arity.MaximumNumberOfValues: 1 } option, IdentifierTokenCount: > 1 } => $"{option.Name} is given twice.",
        CommandResult { Command: { Subcommands.Count: > 0 } command } => $"a command is missing: {string.Join(", ", command.Subcommands.Select(sub => sub.Name))}.",
        _ => mistake.Message.ReplaceLineEndings(" "),
    };

    // The parser takes an unknown option for an argument where arguments are expected; "--" is how to mean that.
    private static List<string> UnknownWords(ParseResult parsed)
    {
        var taken = parsed.Tokens.Any(token => token.Type == TokenType.DoubleDash) ? [] : parsed.CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(argument => argument.Tokens).Select(token => token.Value).Where(word => word.Length > 1 && word[0] == '-');
        var words = parsed.UnmatchedTokens.Concat(taken).Select(word => word.Split('=', 2)[0]).ToList();
        // After an unknown command nobody can say what the words behind it are.
        if (parsed.CommandResult.Command.Subcommands.Count > 0) return [.. words.Take(1)];
        // A word behind an unknown option is likely its value.
        return words.Exists(word => word.StartsWith('-')) ? words.FindAll(word => word.StartsWith('-')) : words;
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
}
