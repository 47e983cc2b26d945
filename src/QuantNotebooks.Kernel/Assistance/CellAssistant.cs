using QuantNotebooks.Kernel.Magics;

namespace QuantNotebooks.Kernel.Assistance;

/// <summary>Completes and explains at a place in a cell, be it C# or a magic. Not thread safe.</summary>
/// <param name="code">Knows C#.</param>
/// <param name="variables">The names of the session's variables.</param>
internal sealed class CellAssistant(CodeAssistant code, Func<IReadOnlyList<string>> variables)
{
    /// <summary>What could be written at a position, in UTF-16 units from the cell's start.</summary>
    public Task<CompletionList> CompleteAsync(string cell, int position, CancellationToken cancellation)
    {
        var place = CellParts.PlaceOf(cell, position);
        return place.Kind switch
        {
            PlaceKind.Magic => Task.FromResult(new MagicAssistant(variables()).Complete(place.Line, position - place.LineStart, place.LineStart)),
            PlaceKind.Text => Task.FromResult(CompletionList.Nothing(position)),
            _ => code.CompleteAsync(place.Code, position, cancellation),
        };
    }

    /// <summary>What stands at a position; null where there is nothing to say.</summary>
    public Task<string?> ExplainAsync(string cell, int position, CancellationToken cancellation)
    {
        var place = CellParts.PlaceOf(cell, position);
        return place.Kind switch
        {
            PlaceKind.Magic => Task.FromResult(MagicAssistant.Explain(place.Line, position - place.LineStart)),
            PlaceKind.Text => Task.FromResult<string?>(null),
            _ => code.ExplainAsync(place.Code, position, cancellation),
        };
    }
}
