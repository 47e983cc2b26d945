using System.Text;
using QuantNotebooks.Kernel.CommandLine;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Notebook.Commands;
using QuantNotebooks.Notebook.Hosting;
using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Kernel.Magics;

/// <summary>A command of the command set as a magic: <c>#!quant-shift net --images … --as shift</c>.</summary>
internal sealed class CommandMagic(CommandDefinition definition) : Magic
{
    /// <summary>What stands before the command's name.</summary>
    public const string NamePrefix = "quant-";

    /// <summary>The option of magics alone: the variable that gets the result.</summary>
    public const string As = "--as";

    private const string AsHelp = "Make the result the C# variable of that name.";

    public override string Name => NamePrefix + definition.Name;

    public override string Summary => definition.Summary;

    public override string Usage => $"{definition.Subject.Name}{(definition.Subject.IsMany ? "..." : "")} [options]";

    /// <summary>The command.</summary>
    public CommandDefinition Definition => definition;

    public override string Help
    {
        get
        {
            var text = new StringBuilder(base.Help).Append('\n');
            Append(text, definition.Subject.Name, definition.Subject.Help + " Or the name of a variable.");
            text.Append("\nOptions:\n");
            foreach (var option in definition.Options)
                Append(text, $"{option.Name} {option.ValueName}".TrimEnd(),
                    option.Help + (option.IsRequired ? " (required)" : "") + (option.DefaultText is { } usual ? $" (usual: {usual})" : ""));
            Append(text, $"{As} NAME", AsHelp);
            return text.Append("\nExample:\n  ").Append(Prefix).Append(Name).Append(' ').Append(definition.Example).Append(" --as result\n").ToString();
        }
    }

    // Where in a line explanations begin; hosts may drop styles that would indent what follows.
    private const int Column = 32;

    // What is too long for the column has its explanation on the next line.
    private static void Append(StringBuilder text, string name, string explanation)
    {
        var start = "  " + name;
        if (start.Length >= Column)
        {
            text.Append(start).Append('\n');
            start = "";
        }
        foreach (var line in WrappedText.Lines(explanation, LongestLine - Column))
        {
            text.Append(start.PadRight(Column)).Append(line).Append('\n');
            start = "";
        }
    }

    public override Action<MagicRun> Bind(IReadOnlyList<string> words, string text)
    {
        var (own, target) = TakeTarget(words);
        var arguments = CommandWords.Bind(definition, own);
        return run =>
        {
            var host = new CellCommandHost(run.Engine.FindVariable, SweepWorkerCommand.Program);
            run.Patience = () => host.Stage.Patience;
            var result = host.Run(definition, arguments);
            if (target is not null) run.Assignment = (target, result);
        };
    }

    private static (IReadOnlyList<string> Own, string? Target) TakeTarget(IReadOnlyList<string> words)
    {
        var places = Enumerable.Range(0, words.Count).Where(index => words[index] == As).ToList();
        if (places.Count == 0) return (words, null);
        if (places.Count > 1) throw new CommandUsageException($"{As} is given twice.");
        var target = places[0] + 1 < words.Count ? words[places[0] + 1] : throw new CommandUsageException($"{As} wants the name of a variable.");
        if (!CellSyntax.IsVariableName(target)) throw new CommandUsageException($"{As} must be the name of a C# variable, not '{target}'.");
        return ([.. words.Take(places[0]), .. words.Skip(places[0] + 2)], target);
    }
}
