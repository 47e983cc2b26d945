namespace QuantNotebooks.Kernel.Assistance;

/// <summary>What could be written at a place in a cell.</summary>
/// <param name="Start">Where the text to replace begins, in UTF-16 units from the cell's start.</param>
/// <param name="End">Where it ends.</param>
/// <param name="Items">What could stand there instead, best first.</param>
internal sealed record CompletionList(int Start, int End, IReadOnlyList<CompletionItem> Items)
{
    /// <summary>Nothing to offer.</summary>
    public static CompletionList Nothing(int position) => new(position, position, []);
}

/// <summary>One thing that could be written.</summary>
/// <param name="Text">The text.</param>
/// <param name="Kind">What it is, for an icon: "function", "property", "class", "keyword", "path"...</param>
internal sealed record CompletionItem(string Text, string Kind);
