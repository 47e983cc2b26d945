using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using QuantNotebooks.Kernel.CommandLine.Reports;
using QuantNotebooks.Notebook.Commands;

namespace QuantNotebooks.Kernel.CommandLine;

/// <summary>
/// <c>quantnb help [COMMAND]</c>, the same as <c>quantnb [COMMAND] --help</c>; the help of a command ends with an example.
/// <c>quantnb help metrics</c> defines every figure and converts it to other tools' conventions.
/// </summary>
internal static class HelpCommand
{
    private const string Metrics = "metrics";

    public static void AddTo(RootCommand root)
    {
        var topic = new Argument<string?>("COMMAND") { Description = $"The command to explain, or '{Metrics}' for the definition of every figure.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("help", "Explain quantnb, or one of its commands.") { topic };
        topic.Validators.Add(result =>
        {
            // An option is what the command line's own check names.
            if (result.Tokens is not [{ Value: var word }] || word.StartsWith('-') || word == Metrics || root.Subcommands.Any(other => other.Name == word)) return;
            result.AddError(NearestName.Unknown("command", word, root.Subcommands.Select(other => other.Name).Append(Metrics)));
        });
        command.SetAction((parsed, cancellation) =>
        {
            if (parsed.GetValue(topic) == Metrics)
            {
                MetricsText.Write(parsed.InvocationConfiguration.Output);
                return Task.FromResult(ExitCode.Done);
            }
            string[] words = parsed.GetValue(topic) is { } name ? [name, "--help"] : ["--help"];
            return root.Parse(words).InvokeAsync(parsed.InvocationConfiguration, cancellation);
        });
        root.Subcommands.Add(command);
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new WithExample((SynchronousCommandLineAction)help.Action!);
    }

    private sealed class WithExample(SynchronousCommandLineAction help) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => help.ClearsParseErrors;

        public override int Invoke(ParseResult parseResult)
        {
            var exitCode = help.Invoke(parseResult);
            var name = parseResult.CommandResult.Command.Name;
            var example = CommandSet.Find(name)?.Example ?? name switch
            {
                RunCommand.Name => RunCommand.Example,
                ConvertCommand.Name => ConvertCommand.Example,
                JupyterCommand.Name => JupyterCommand.Example,
                _ => null,
            };
            if (example is null) return exitCode;
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Example:");
            output.WriteLine($"  quantnb {name} {example}");
            output.WriteLine();
            return exitCode;
        }
    }
}
