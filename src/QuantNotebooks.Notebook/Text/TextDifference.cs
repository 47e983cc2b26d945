namespace QuantNotebooks.Notebook.Text;

/// <summary>What happened to a piece of a text.</summary>
internal enum TextChange
{
    /// <summary>It is as it should be.</summary>
    Same,

    /// <summary>It was read and should not have been, or in place of something else.</summary>
    Wrong,

    /// <summary>It should have been read.</summary>
    Missing,
}

/// <summary>Where a text differs from the right one, by the fewest insertions, deletions and substitutions (Levenshtein).</summary>
internal static class TextDifference
{
    /// <summary>
    /// The pieces in the order of the text: same and wrong ones together are what was read, same and missing ones with the right characters in place of wrong
    /// ones are what is right. A substitution is wrong, not missing as well.
    /// </summary>
    public static IReadOnlyList<(TextChange Change, string Text)> Of(string right, string read)
    {
        var costs = new int[right.Length + 1, read.Length + 1];
        for (var row = 0; row <= right.Length; row++) costs[row, 0] = row;
        for (var column = 0; column <= read.Length; column++) costs[0, column] = column;
        for (var row = 1; row <= right.Length; row++)
            for (var column = 1; column <= read.Length; column++)
                costs[row, column] = Math.Min(costs[row - 1, column - 1] + (right[row - 1] == read[column - 1] ? 0 : 1), Math.Min(costs[row - 1, column], costs[row, column - 1]) + 1);

        var pieces = new List<(TextChange Change, string Text)>();
        var (at, from) = (right.Length, read.Length);
        while (at > 0 || from > 0)
        {
            if (at > 0 && from > 0 && costs[at, from] == costs[at - 1, from - 1] + (right[at - 1] == read[from - 1] ? 0 : 1))
                Add(right[--at] == read[--from] ? TextChange.Same : TextChange.Wrong, read[from]);
            else if (from > 0 && costs[at, from] == costs[at, from - 1] + 1) Add(TextChange.Wrong, read[--from]);
            else Add(TextChange.Missing, right[--at]);
        }
        pieces.Reverse();
        return pieces;

        void Add(TextChange change, char character)
        {
            if (pieces.Count > 0 && pieces[^1].Change == change) pieces[^1] = (change, character + pieces[^1].Text);
            else pieces.Add((change, character.ToString()));
        }
    }
}
