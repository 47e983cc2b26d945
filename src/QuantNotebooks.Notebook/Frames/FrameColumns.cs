using Deedle;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>Builds a Deedle frame column by column from a list of things, a row each, with row keys 0, 1, 2, …</summary>
internal sealed class FrameColumns<T>(IReadOnlyList<T> items)
{
    private readonly FrameBuilder.Columns<int, string> _columns = new();
    private readonly int[] _keys = [.. Enumerable.Range(0, items.Count)];

    public Frame<int, string> Frame => _columns.Frame;

    /// <summary>Adds a column; NaN is what Deedle calls missing.</summary>
    public FrameColumns<T> Add<TValue>(string name, Func<T, TValue> value)
    {
        var values = new TValue[items.Count];
        for (var row = 0; row < values.Length; row++) values[row] = value(items[row]);
        _columns.Add(name, new Series<int, TValue>(_keys, values));
        return this;
    }

    /// <summary>Adds a column of whole numbers, null being what Deedle calls missing.</summary>
    public FrameColumns<T> AddOptional(string name, Func<T, int?> value)
    {
        var present = _keys.Where(row => value(items[row]) is not null).ToArray();
        _columns.Add(name, new Series<int, int>(present, present.Select(row => value(items[row])!.Value)));
        return this;
    }
}
