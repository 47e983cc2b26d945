namespace QuantNotebooks.Networks;

/// <summary>How a network is read.</summary>
public sealed record LoadOptions
{
    /// <summary>The defaults: dead channels are dropped.</summary>
    public static LoadOptions Default { get; } = new();

    /// <summary>
    /// Leaves channels with a constant output as they are in the file. By default their weights are set to zero and their constant becomes
    /// their bias, because the papers drop them before anything is measured.
    /// </summary>
    public bool KeepDeadChannels { get; init; }
}
