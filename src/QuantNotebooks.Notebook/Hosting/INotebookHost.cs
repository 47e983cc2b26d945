namespace QuantNotebooks.Notebook.Hosting;

/// <summary>
/// A notebook host that is not ours, as one of our commands sees it while it runs in a cell there: what a thin adapter must give. Everything else is
/// <see cref="HostedCommand"/>'s. Members may be called from any thread.
/// </summary>
public interface INotebookHost
{
    /// <summary>Cancelled when the user interrupts the cell.</summary>
    CancellationToken Cancellation { get; }

    /// <summary>Shows something below the cell, at once.</summary>
    /// <returns>Replaces it by something else.</returns>
    Action<MimeBundle> Show(MimeBundle bundle);

    /// <summary>The value of a C# variable of the notebook; null where there is none of that name.</summary>
    Task<object?> ReadVariableAsync(string name);

    /// <summary>Sets a C# variable of the notebook, and makes it where it is not there.</summary>
    Task WriteVariableAsync(string name, object value);

    /// <summary>Marks the cell as failed, with a message of one line or a few.</summary>
    void Fail(string message);
}
