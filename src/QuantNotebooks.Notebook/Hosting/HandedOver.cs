using System.Collections.Concurrent;
using System.ComponentModel;

namespace QuantNotebooks.Notebook.Hosting;

/// <summary>How hosts put values into variables of cells. Not for use by hand. Thread safe.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class HandedOver
{
    private static readonly ConcurrentDictionary<string, object> Values = new();

    /// <summary>Lays down a value, and returns the ticket by which a cell takes it.</summary>
    public static string Put(object value)
    {
        var ticket = Guid.NewGuid().ToString("n");
        Values[ticket] = value;
        return ticket;
    }

    /// <summary>Takes a value, once.</summary>
    /// <exception cref="KeyNotFoundException">There is none of that ticket, or it has been taken.</exception>
    public static object Take(string ticket) =>
        Values.TryRemove(ticket, out var value) ? value : throw new KeyNotFoundException($"Nothing was handed over as '{ticket}'.");
}
