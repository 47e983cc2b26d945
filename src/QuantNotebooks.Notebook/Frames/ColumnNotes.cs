using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Deedle;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>What our own frames say about a column beyond its name.</summary>
/// <param name="About">What it holds and in which unit, or null.</param>
/// <param name="IsSecondary">Whether it may stay out of sight until somebody asks for it.</param>
internal sealed record ColumnNote(string? About, bool IsSecondary);

/// <summary>
/// Notes on the columns of a frame. Deedle's frames have no place for them, so they are kept beside the frame as long as it lives; a frame that is derived
/// from it has none, like any frame of a user.
/// </summary>
internal static class ColumnNotes
{
    private static readonly ConditionalWeakTable<IFrame, ImmutableDictionary<string, ColumnNote>> Notes = [];

    public static void Attach(IFrame frame, ImmutableDictionary<string, ColumnNote> notes) => Notes.AddOrUpdate(frame, notes);

    public static ImmutableDictionary<string, ColumnNote> Of(IFrame frame) =>
        Notes.TryGetValue(frame, out var notes) ? notes : ImmutableDictionary<string, ColumnNote>.Empty;
}
