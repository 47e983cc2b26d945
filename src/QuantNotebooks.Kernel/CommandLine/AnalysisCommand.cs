using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Notebook.Commands;

namespace QuantNotebooks.Kernel.CommandLine;

/// <summary>Makes a command of the command set a command of quantnb.</summary>
internal static class AnalysisCommand
{
    /// <summary>How soon an interrupt is seen.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(20);

    public static Command Create(CommandDefinition definition)
    {
        Argument subject = definition.Subject.IsMany
            ? new Argument<string[]>(definition.Subject.Name) { Arity = ArgumentArity.OneOrMore }
            : new Argument<string>(definition.Subject.Name);
        subject.Description = definition.Subject.Help;
        var options = definition.Options.Select(ToOption).ToImmutableArray();
        var command = new Command(definition.Name, definition.Summary) { subject };
        foreach (var option in options) command.Options.Add(option);
        command.Validators.Add(result => Validate(definition, subject, options, result));
        command.SetAction((parsed, cancellation) => OwnThread.Run(() => Run(definition, Bind(definition, subject, options, parsed.CommandResult), parsed.InvocationConfiguration, cancellation)));
        return command;
    }

    private static Option ToOption(CommandOption option)
    {
        if (option.IsFlag) return new Option<bool>(option.Name) { Description = option.Help };
        var made = new Option<string>(option.Name)
        {
            Description = option.Help, HelpName = option.ValueName, Required = option.IsRequired, Arity = ArgumentArity.ExactlyOne,
        };
        if (option.DefaultText is { } text) made.DefaultValueFactory = _ => text;
        return made;
    }

    // What the parser misses by itself is said by the parser.
    private static void Validate(CommandDefinition definition, Argument subject, ImmutableArray<Option> options, CommandResult result)
    {
        if (result.Errors.Any() || result.GetResult(subject) is not { Tokens.Count: > 0 }) return;
        if (options.Any(option => option.Required && !IsGiven(result, option))) return;
        if (options.Any(option => IsGiven(result, option) && option is Option<string> && result.GetResult(option)!.Tokens.Count != 1)) return;
        try
        {
            Bind(definition, subject, options, result);
        }
        catch (CommandUsageException mistake)
        {
            result.AddError(mistake.Message);
        }
    }

    private static CommandArguments Bind(CommandDefinition definition, Argument subject, ImmutableArray<Option> options, CommandResult result) =>
        definition.Bind(
            [.. result.GetResult(subject)!.Tokens.Select(token => token.Value)],
            options.Where(option => IsGiven(result, option)).ToDictionary(
                option => option.Name, option => option is Option<string> ? result.GetResult(option)!.Tokens[0].Value : null));

    private static bool IsGiven(CommandResult result, Option option) => option switch
    {
        Option<bool> flag => result.GetResult(flag) is { Implicit: false } && result.GetValue(flag),
        _ => result.GetResult(option) is { Implicit: false },
    };

    private static int Run(CommandDefinition definition, CommandArguments arguments, InvocationConfiguration console, CancellationToken cancellation)
    {
        var host = new ConsoleCommandHost(console.Output, console.Error, cancellation);
        // Neither it nor who waits for it is a thread of the pool: the command may keep all of those busy, and an interrupt must not wait for them.
        var work = OwnThread.Run(() =>
        {
            definition.Run(arguments, host);
            return ExitCode.Done;
        });
        try
        {
            var sinceInterrupt = new Stopwatch();
            while (Task.WaitAny([work], Moment) < 0)
            {
                if (cancellation.IsCancellationRequested) sinceInterrupt.Start();
                // Then it is left behind, and the process ends.
                if (sinceInterrupt.Elapsed > host.Stage.Patience) throw new OperationCanceledException(cancellation);
            }
            var done = work.GetAwaiter().GetResult();
            return cancellation.IsCancellationRequested ? ExitCode.Interrupted : done;
        }
        finally
        {
            host.Finish();
        }
    }
}
