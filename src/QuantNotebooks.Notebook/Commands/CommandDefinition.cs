using System.Collections.Immutable;
using QuantNotebooks.Export;
using QuantNotebooks.Notebook.Formatters;

namespace QuantNotebooks.Notebook.Commands;

/// <summary>
/// A command as every host offers it: on the command line as <c>quantnb NAME</c>, in a notebook as the magic <c>#!quant-NAME</c>. Immutable.
/// </summary>
public sealed class CommandDefinition
{
    private readonly Func<CommandInputs, object> _run;
    private readonly Func<object, string> _toJson;
    private readonly Func<CommandArguments, string?> _conflict;
    private readonly Func<object, bool> _isPart;
    private readonly Func<object, string?> _failure;

    private CommandDefinition(
        ImmutableArray<CommandOption> options, Func<CommandInputs, object> run, Func<object, string> toJson, Func<CommandArguments, string?> conflict, Func<object, bool> isPart,
        Func<object, string?> failure)
    {
        Options = options;
        _run = run;
        _toJson = toJson;
        _conflict = conflict;
        _isPart = isPart;
        _failure = failure;
    }

    /// <summary>Its name: one word, a verb.</summary>
    public required string Name { get; init; }

    /// <summary>What it does, in one line.</summary>
    public required string Summary { get; init; }

    /// <summary>What it works on.</summary>
    public required CommandSubject Subject { get; init; }

    /// <summary>What follows the command's name in an example that works in the repository.</summary>
    public required string Example { get; init; }

    /// <summary>Its options in the order of its help.</summary>
    public ImmutableArray<CommandOption> Options { get; }

    /// <summary>Parses and checks the words that a host has taken apart.</summary>
    /// <param name="subjects">The plain words.</param>
    /// <param name="options">The text of each option that was given; null for a flag.</param>
    /// <exception cref="CommandUsageException">A word is wrong, missing or too many.</exception>
    public CommandArguments Bind(IReadOnlyList<string> subjects, IReadOnlyDictionary<string, string?> options)
    {
        ArgumentNullException.ThrowIfNull(subjects);
        ArgumentNullException.ThrowIfNull(options);
        if (subjects.Count == 0) throw new CommandUsageException($"{Subject.Name} is missing: {Subject.Help}");
        if (subjects.Count > 1 && !Subject.IsMany) throw new CommandUsageException($"'{subjects[1]}' is one word too many: {Name} takes one {Subject.Name}.");
        var values = ImmutableDictionary.CreateBuilder<CommandOption, object?>();
        foreach (var (name, text) in options)
        {
            var option = Options.FirstOrDefault(option => option.Name == name) ?? throw new CommandUsageException($"{Name} has no option {name}.");
            values[option] = option.Parse(text);
        }
        if (Options.FirstOrDefault(option => option.IsRequired && !values.ContainsKey(option)) is { } missing)
            throw new CommandUsageException($"{missing.Name} is missing: {missing.Help}");
        var arguments = new CommandArguments([.. subjects], values.ToImmutable());
        return _conflict(arguments) is { } conflict ? throw new CommandUsageException(conflict) : arguments;
    }

    /// <summary>
    /// Runs the command: shows the result or writes it as JSON, and as a page, as the arguments ask, and returns it. Stopped, it does the same with what
    /// was done until then, where that is of use.
    /// </summary>
    /// <exception cref="CommandUsageException">The words make no sense for this network or these images.</exception>
    /// <exception cref="QuantNotebooksException">A file is bad, or the images don't fit; or a part of the work failed, the rest being shown and written.</exception>
    /// <exception cref="OperationCanceledException">The host stopped it, and nothing of use was done.</exception>
    public object Run(CommandArguments arguments, ICommandHost host)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(host);
        var json = arguments.Get(CommonOptions.Json);
        var html = arguments.Get(CommonOptions.Html);
        var toFile = json is not null and not CommonOptions.StandardOutput;
        if (toFile) ReportFile.RequireWritable(json!);
        if (html is not null) ReportFile.RequireWritable(html);
        var result = _run(new CommandInputs(arguments, host));
        if (!_isPart(result)) host.Cancellation.ThrowIfCancellationRequested();
        if (json != CommonOptions.StandardOutput) host.Show(result);
        if (toFile) ReportFile.Write(json!, _toJson(result));
        else if (json is not null) host.WriteJson(_toJson(result));
        if (html is not null)
        {
            ReportFile.Write(html, HtmlPage.Of($"{Name} {string.Join(' ', arguments.Subjects.Select(Path.GetFileName))}", result));
            host.Note($"written: {html}");
        }
        return _failure(result) is { } failure ? throw new QuantNotebooksException(failure) : result;
    }

    internal static CommandDefinition Create<T>(
        string name, string summary, CommandSubject subject, string example, IEnumerable<CommandOption> options,
        Func<CommandInputs, T> run, Func<T, string> toJson, Func<CommandArguments, string?>? conflict = null, Func<T, bool>? isPart = null, Func<T, string?>? failure = null)
        where T : class =>
        new([.. options, CommonOptions.Json, CommonOptions.Html], run, result => toJson((T)result), conflict ?? (_ => null), result => isPart?.Invoke((T)result) == true, result => failure?.Invoke((T)result))
        {
            Name = name,
            Summary = summary,
            Subject = subject,
            Example = example,
        };
}
