using System.Text;
using QuantNotebooks.Kernel.CommandLine;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Notebook.Commands;
using QuantNotebooks.Notebook.Hosting;

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
            var text = new StringBuilder(base.Help).Append("\n  ").Append(Padded(definition.Subject.Name)).Append(definition.Subject.Help)
                .Append(" Or the name of a variable.\n\nOptions:\n");
            foreach (var option in definition.Options)
            {
                text.Append("  ").Append(Padded($"{option.Name} {option.ValueName}".TrimEnd())).Append(option.Help);
                if (option.IsRequired) text.Append(" (required)");
                if (option.DefaultText is { } usual) text.Append(" (usual: ").Append(usual).Append(')');
                text.Append('\n');
            }
            text.Append("  ").Append(Padded($"{As} NAME")).Append(AsHelp);
            return text.Append("\n\nExample:\n  ").Append(Prefix).Append(Name).Append(' ').Append(definition.Example).Append(" --as result\n").ToString();
        }
    }

    private const int Column = HelpColumn - 2; // lines are indented by two

    // What is too long for the column has its explanation on the next line.
    private static string Padded(string left) => left.Length < Column ? left.PadRight(Column) : left + "\n" + new string(' ', HelpColumn);

    public override Action<MagicRun> Bind(IReadOnlyList<string> words, string text)
    {
        var (own, target) = TakeTarget(words);
        var arguments = CommandWords.Bind(definition, own);
        return run =>
        {
            var result = new CellCommandHost(run.Engine.FindVariable, SweepWorkerCommand.Program).Run(definition, arguments);
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
