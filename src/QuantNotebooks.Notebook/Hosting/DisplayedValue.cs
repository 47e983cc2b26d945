namespace QuantNotebooks.Notebook.Hosting;

/// <summary>Something a cell has shown, which it may replace: <c>var d = display("0 %"); d.Update("50 %");</c>. Thread safe.</summary>
public sealed class DisplayedValue
{
    private readonly INotebookOutput output;

    internal DisplayedValue(INotebookOutput output, string id) => (this.output, Id) = (output, id);

    /// <summary>The name under which the host knows the output; unique.</summary>
    public string Id { get; }

    /// <summary>Replaces what is shown by another value, formatted as its type wants.</summary>
    // Told by the cell that runs now: some hosts listen to no other.
    public void Update(object? value) => (RunningCell.Output ?? output).Update(Id, MimeBundle.Of(value));
}
