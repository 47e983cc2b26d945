using System.IO.Enumeration;
using System.Text.Json.Nodes;

namespace QuantNotebooks.Kernel.Jupyter;

/// <summary>What the session's cells were, for consoles that page back through them. Thread safe; the oldest are forgotten.</summary>
internal sealed class CellHistory
{
    private const int Capacity = 10_000;

    private readonly Lock _gate = new();
    private readonly Queue<Entry> _entries = new();

    /// <summary>Remembers a cell.</summary>
    public void Add(int number, string code, string? result)
    {
        lock (_gate)
        {
            _entries.Enqueue(new Entry(number, code, result));
            if (_entries.Count > Capacity) _entries.Dequeue();
        }
    }

    /// <summary>Answers a <c>history_request</c>. There is no session but this one, which has number 0.</summary>
    public JsonObject Reply(JsonObject request)
    {
        List<Entry> all;
        lock (_gate) all = [.. _entries];
        var found = request.Text("hist_access_type") switch
        {
            "range" => Range(all, request),
            "search" => Search(all, request),
            _ => all.TakeLast(request.Number("n", Capacity)),
        };
        var withResults = request.Flag("output", missing: false);
        return new JsonObject { ["status"] = "ok", ["history"] = new JsonArray([.. found.Select(entry => entry.ToJson(withResults))]) };
    }

    private static IEnumerable<Entry> Range(List<Entry> all, JsonObject request)
    {
        if (request.Number("session", 0) != 0) return [];
        var stop = request.Number("stop", int.MaxValue);
        var start = request.Number("start", 0);
        return all.Where(entry => entry.Number >= start && entry.Number < stop);
    }

    private static IEnumerable<Entry> Search(List<Entry> all, JsonObject request)
    {
        var pattern = request.Text("pattern", "*");
        var found = all.Where(entry => FileSystemName.MatchesSimpleExpression(pattern, entry.Code, ignoreCase: false));
        if (request.Flag("unique", missing: false)) found = found.Reverse().DistinctBy(entry => entry.Code).Reverse();
        return found.TakeLast(request.Number("n", Capacity));
    }

    private sealed record Entry(int Number, string Code, string? Result)
    {
        public JsonNode ToJson(bool withResult) => new JsonArray(0, Number, withResult ? new JsonArray(Code, Result) : Code);
    }
}
