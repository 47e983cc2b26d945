namespace QuantNotebooks.Notebook.Commands;

/// <summary>
/// An option of a command, the same in every host: <c>--name value</c>, or a bare <c>--name</c> for a flag. Immutable.
/// </summary>
public abstract class CommandOption
{
    /// <summary>Its name with the two dashes.</summary>
    public required string Name { get; init; }

    /// <summary>One line of help.</summary>
    public required string Help { get; init; }

    /// <summary>What the value is called in help: "N", "FILE", or the allowed words "32|float"; null for a flag, which takes none.</summary>
    public string? ValueName { get; init; }

    /// <summary>What holds when the option is not given, in words; null where that is nothing.</summary>
    public string? DefaultText { get; init; }

    /// <summary>Whether the command can't do without it.</summary>
    public bool IsRequired { get; init; }

    /// <summary>Whether the option is a bare word.</summary>
    public bool IsFlag => ValueName is null;

    /// <summary>The type of its value in C#.</summary>
    public abstract Type ValueType { get; }

    internal abstract object? DefaultValue { get; }

    /// <exception cref="CommandUsageException">The text is no value of this option.</exception>
    internal abstract object? Parse(string? text);
}

/// <summary>An option whose value is a <typeparamref name="T"/>. Immutable.</summary>
public sealed class CommandOption<T> : CommandOption
{
    private readonly OptionParser<T> _parser;

    internal CommandOption(OptionParser<T> parser) => _parser = parser;

    /// <summary>The value when the option is not given.</summary>
    public T? Default { get; init; }

    /// <summary>What a value must be, to complete the sentence "--name must be ...".</summary>
    public required string Rule { get; init; }

    /// <inheritdoc/>
    public override Type ValueType => typeof(T);

    internal override object? DefaultValue => Default;

    internal override object? Parse(string? text) => _parser(text ?? "", out var value)
        ? value
        : throw new CommandUsageException($"{Name} must be {Rule}, not '{text}'.");
}

/// <summary>Reads an option's value; false where the text is none.</summary>
internal delegate bool OptionParser<T>(string text, out T? value);
