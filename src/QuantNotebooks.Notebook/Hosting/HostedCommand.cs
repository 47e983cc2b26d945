using QuantNotebooks.Notebook.Commands;

namespace QuantNotebooks.Notebook.Hosting;

/// <summary>
/// A command of the command set in a notebook host that is not ours. Such hosts take lines apart themselves, by parameters that they were told, and some
/// lose what they can't read without saying so; so all is checked here again.
/// </summary>
public static class HostedCommand
{
    /// <summary>The parameter that holds the command's plain words, whose name may be left out.</summary>
    public const string Subject = "--subject";

    /// <summary>The parameter that names the C# variable which gets the result.</summary>
    public const string As = "--as";

    private const string HowToWrite = "Write options as --name value, each once, with double quotes around a value that holds spaces.";

    /// <summary>Runs a command in a cell. What goes wrong is the host's <see cref="INotebookHost.Fail"/> to tell: nothing is thrown.</summary>
    /// <param name="name">The command's name, for example "shift".</param>
    /// <param name="values">
    /// The value of each parameter by its name with the dashes: text, or whether a flag was given. A parameter that is not there, or null, was not given.
    /// </param>
    /// <param name="host">Where the cell runs.</param>
    public static async Task RunAsync(string name, IReadOnlyDictionary<string, object?> values, INotebookHost host)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(host);
        try
        {
            var definition = CommandSet.Find(name) ?? throw new CommandUsageException(NearestName.Unknown("command", name, CommandSet.All.Select(command => command.Name)));
            await RunAsync(definition, values, host).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (host.Cancellation.IsCancellationRequested)
        {
            host.Fail("interrupted");
        }
        catch (CommandUsageException mistake)
        {
            host.Fail($"#!quant-{name}: {mistake.Message}");
        }
        catch (Exception failure) when (failure is QuantNotebooksException or IOException or UnauthorizedAccessException)
        {
            host.Fail(failure.Message);
        }
        // A defect: the cell must not look as if all was well.
        catch (Exception failure)
        {
            host.Fail($"#!quant-{name} broke: {failure}");
        }
    }

    private static async Task RunAsync(CommandDefinition definition, IReadOnlyDictionary<string, object?> values, INotebookHost host)
    {
        var subjects = SubjectsOf(definition, values);
        var target = Text(values, As);
        if (target is not null && !IsVariableName(target)) throw new CommandUsageException($"{As} must be the name of a C# variable, not '{target}'.");
        var arguments = definition.Bind(subjects, OptionsOf(definition, values));
        var cancellation = host.Cancellation;
        var result = await Task.Run(() => Run(definition, arguments, host), CancellationToken.None).ConfigureAwait(false);
        if (target is not null) await host.WriteVariableAsync(target, result).ConfigureAwait(false);
        // Of a command that was stopped there may be a part, which it has shown.
        if (cancellation.IsCancellationRequested) host.Fail(target is null ? "interrupted" : $"interrupted; '{target}' holds what was done until then");
    }

    private static object Run(CommandDefinition definition, CommandArguments arguments, INotebookHost host)
    {
        using var cell = RunningCell.Enter(0, new HostOutput(host), host.Cancellation);
        return new CellCommandHost(name => FindVariable(host, name)).Run(definition, arguments);
    }

    // On a thread of the pool's, which the host does not wait for. Asked for what is no variable, some hosts complain.
    private static object? FindVariable(INotebookHost host, string name) =>
        IsVariableName(name) && !Path.Exists(name) ? host.ReadVariableAsync(name).GetAwaiter().GetResult() : null;

    private static IReadOnlyList<string> SubjectsOf(CommandDefinition definition, IReadOnlyDictionary<string, object?> values)
    {
        var text = Text(values, Subject) ?? throw new CommandUsageException($"{definition.Subject.Name} is missing: {definition.Subject.Help} {HowToWrite}");
        return definition.Subject.IsMany ? CommandWords.Split(text) : [text];
    }

    private static Dictionary<string, string?> OptionsOf(CommandDefinition definition, IReadOnlyDictionary<string, object?> values)
    {
        var options = new Dictionary<string, string?>();
        foreach (var (name, value) in values.Where(pair => pair.Key is not (Subject or As)))
        {
            var isFlag = definition.Options.FirstOrDefault(option => option.Name == name)?.IsFlag == true;
            if (value is null or false) continue;
            options[name] = isFlag ? null : Text(values, name);
        }
        var lost = definition.Options.FirstOrDefault(option => option.IsRequired && !options.ContainsKey(option.Name));
        return lost is null ? options : throw new CommandUsageException($"{lost.Name} is missing: {lost.Help} {HowToWrite}");
    }

    private static string? Text(IReadOnlyDictionary<string, object?> values, string name) => values.GetValueOrDefault(name) switch
    {
        null => null,
        string text when string.IsNullOrWhiteSpace(text) => throw new CommandUsageException($"{name} came without its value. {HowToWrite}"),
        var value => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture),
    };

    // The compiler's own question would need the compiler; a keyword is refused by the host.
    private static bool IsVariableName(string word) =>
        word.Length > 0 && word != "_" && (char.IsLetter(word[0]) || word[0] == '_') && word.All(character => char.IsLetterOrDigit(character) || character == '_');
}
