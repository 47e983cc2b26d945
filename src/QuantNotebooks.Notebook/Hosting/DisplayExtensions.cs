namespace QuantNotebooks.Notebook.Hosting;

/// <summary>Showing a value at the end of a chain of calls.</summary>
public static class DisplayExtensions
{
    /// <summary>Shows this value below the cell, at once, and returns a handle by which it can be replaced.</summary>
    public static DisplayedValue Display(this object? value) => NotebookDisplay.display(value);
}
