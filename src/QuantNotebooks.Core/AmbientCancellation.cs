namespace QuantNotebooks;

/// <summary>
/// The token that long operations observe when they are called without one: for hosts that run other people's code and must be able to stop it, as
/// a notebook does with its cells. It follows the code into tasks and threads. Thread safe.
/// </summary>
public static class AmbientCancellation
{
    private static readonly AsyncLocal<CancellationToken> Flowing = new();

    /// <summary>The token of the running code; one that is never cancelled where no host has set any.</summary>
    public static CancellationToken Token => Flowing.Value;

    /// <summary>Makes a token that of the calling code and all it starts, until the result is disposed of.</summary>
    /// <param name="token">The token.</param>
    public static IDisposable Enter(CancellationToken token)
    {
        var scope = new Scope(Flowing.Value);
        Flowing.Value = token;
        return scope;
    }

    /// <summary>The token itself, or the ambient one where the caller has given none.</summary>
    internal static CancellationToken OrAmbient(this CancellationToken given) => given.CanBeCanceled ? given : Token;

    private sealed class Scope(CancellationToken before) : IDisposable
    {
        public void Dispose() => Flowing.Value = before;
    }
}
