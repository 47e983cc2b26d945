namespace QuantNotebooks.Notebook.Hosting;

/// <summary>
/// What an <see cref="INotebookOutput"/> is too where a user sits before the notebook: the way to ask. Implementations must be thread safe.
/// </summary>
public interface INotebookInput
{
    /// <summary>Asks the user for a line and waits for it; <c>Console.ReadLine</c> comes here.</summary>
    /// <param name="prompt">The question, or nothing.</param>
    /// <param name="isSecret">Whether the answer must not be seen while it is typed.</param>
    /// <returns>The line without its end; null where the user has ended the input.</returns>
    /// <exception cref="OperationCanceledException">The cell was interrupted.</exception>
    /// <exception cref="InvalidOperationException">There is nobody to ask.</exception>
    string? ReadLine(string prompt, bool isSecret);
}
