using System.Collections.Immutable;

namespace QuantNotebooks.Notebook.Commands;

/// <summary>What a command was given, parsed and checked. Immutable.</summary>
public sealed class CommandArguments
{
    private readonly ImmutableDictionary<CommandOption, object?> _values;

    internal CommandArguments(ImmutableArray<string> subjects, ImmutableDictionary<CommandOption, object?> values)
    {
        Subjects = subjects;
        _values = values;
    }

    /// <summary>The plain words: what the command works on.</summary>
    public ImmutableArray<string> Subjects { get; }

    /// <summary>The value of an option, or its default.</summary>
    public T? Get<T>(CommandOption<T> option)
    {
        ArgumentNullException.ThrowIfNull(option);
        return _values.TryGetValue(option, out var value) ? (T?)value : option.Default;
    }

    /// <summary>Whether the option was given.</summary>
    public bool IsGiven(CommandOption option) => _values.ContainsKey(option);
}
