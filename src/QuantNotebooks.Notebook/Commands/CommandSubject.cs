namespace QuantNotebooks.Notebook.Commands;

/// <summary>What a command works on: its plain words.</summary>
/// <param name="Name">What it is called in help, for example "MODEL".</param>
/// <param name="Help">One line of help.</param>
/// <param name="IsMany">Whether there may be several; there is always at least one.</param>
public sealed record CommandSubject(string Name, string Help, bool IsMany = false);
