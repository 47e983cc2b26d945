using System.Collections.Immutable;
using Deedle;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>Builds a Deedle frame column by column from a list of things, a row each, with row keys 0, 1, 2, …</summary>
internal sealed class FrameColumns<T>(IReadOnlyList<T> items)
{
    private readonly FrameBuilder.Columns<int, string> _columns = new();
    private readonly ImmutableDictionary<string, ColumnNote>.Builder _notes = ImmutableDictionary.CreateBuilder<string, ColumnNote>();
    private readonly int[] _keys = [.. Enumerable.Range(0, items.Count)];

    /// <summary>The frame of the columns added so far.</summary>
    public Frame<int, string> Frame
    {
        get
        {
            var frame = _columns.Frame;
            ColumnNotes.Attach(frame, _notes.ToImmutable());
            return frame;
        }
    }

    /// <summary>Adds a column; NaN is what Deedle calls missing.</summary>
    /// <param name="name">The heading, short: it stands above numbers.</param>
    /// <param name="value">The cell of a row.</param>
    /// <param name="about">What it holds and in which unit, where the heading is too short to say it.</param>
    /// <param name="secondary">Whether tables may leave the column out of sight until somebody asks for it, as they may one without any value.</param>
    public FrameColumns<T> Add<TValue>(string name, Func<T, TValue> value, string? about = null, bool secondary = false)
    {
        var values = new TValue[items.Count];
        for (var row = 0; row < values.Length; row++) values[row] = value(items[row]);
        _columns.Add(name, new Series<int, TValue>(_keys, values));
        _notes[name] = new ColumnNote(about, secondary || Array.TrueForAll(values, IsEmpty));
        return this;
    }

    /// <summary>Adds a column of whole numbers, null being what Deedle calls missing.</summary>
    public FrameColumns<T> AddOptional(string name, Func<T, int?> value, string? about = null, bool secondary = false)
    {
        var present = _keys.Where(row => value(items[row]) is not null).ToArray();
        _columns.Add(name, new Series<int, int>(present, present.Select(row => value(items[row])!.Value)));
        _notes[name] = new ColumnNote(about, secondary || present.Length == 0);
        return this;
    }

    private static bool IsEmpty<TValue>(TValue value) => value is null or "" or double.NaN or NameList { Names.IsEmpty: true };
}
