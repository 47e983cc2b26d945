using System.Collections;
using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace QuantNotebooks;

/// <summary>
/// An immutable list that is equal to another when its elements are, in order, so that records that hold one compare by value.
/// </summary>
/// <remarks>Write it as a collection expression: <c>ValueList&lt;double&gt; mean = [0.286];</c>. Safe to share between threads.</remarks>
/// <typeparam name="T">The type of the elements.</typeparam>
[CollectionBuilder(typeof(ValueList), nameof(ValueList.Create))]
public sealed class ValueList<T> : IReadOnlyList<T>, IEquatable<ValueList<T>>
{
    private readonly T[] _items;

    internal ValueList(ReadOnlySpan<T> items) => _items = items.ToArray();

    /// <summary>The number of elements.</summary>
    public int Count => _items.Length;

    /// <summary>The element at a position from 0 to <see cref="Count"/> - 1.</summary>
    /// <param name="index">The position.</param>
    /// <exception cref="IndexOutOfRangeException">There is no such position.</exception>
    public T this[int index] => _items[index];

    /// <summary>The elements, without a copy.</summary>
    public ReadOnlySpan<T> AsSpan() => _items;

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)_items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(ValueList<T>? other) => other is not null && _items.AsSpan().SequenceEqual(other._items, null);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ValueList<T>);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var item in _items)
            hash.Add(item);
        return hash.ToHashCode();
    }

    /// <summary>The elements in square brackets.</summary>
    public override string ToString() =>
        "[" + string.Join(", ", _items.Select(item => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{item}"))) + "]";
}

/// <summary>Builds a <see cref="ValueList{T}"/> from a collection expression.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ValueList
{
    /// <summary>Copies the elements into a new list.</summary>
    /// <param name="items">The elements, in order.</param>
    /// <typeparam name="T">The type of the elements.</typeparam>
    public static ValueList<T> Create<T>(ReadOnlySpan<T> items) => new(items);
}
