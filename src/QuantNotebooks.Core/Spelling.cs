namespace QuantNotebooks;

/// <summary>Finds what a misspelled word was meant to be.</summary>
internal static class Spelling
{
    /// <summary>Words are compared up to this length, so that a hostile file cannot make it slow.</summary>
    private const int LongestWord = 40;

    /// <summary>The end of a sentence about an unknown word: <c>; did you mean 'x'?</c>, or a full stop where no known word is near.</summary>
    public static string DidYouMean(string word, ReadOnlySpan<string> known, char quote = '\'') => Nearest(word, known) is { } near ? $"; did you mean {quote}{near}{quote}?" : ".";

    /// <summary>
    /// The known word with the fewest edits (insert, delete, replace a letter; case does not count), the first of several; null where each differs in more
    /// than two letters and a third of the word, or in all of it.
    /// </summary>
    public static string? Nearest(string word, ReadOnlySpan<string> known)
    {
        string? nearest = null;
        var fewest = Math.Min(word.Length, Math.Max(2, word.Length / 3) + 1);
        foreach (var candidate in known)
        {
            var edits = Edits(word, candidate);
            if (edits < fewest)
                (nearest, fewest) = (candidate, edits);
        }

        return nearest;
    }

    /// <summary>The Levenshtein distance, one row of the table at a time.</summary>
    private static int Edits(string left, string right)
    {
        var (rows, columns) = (Math.Min(left.Length, LongestWord), Math.Min(right.Length, LongestWord));
        Span<int> row = stackalloc int[columns + 1];
        for (var j = 0; j <= columns; j++)
            row[j] = j;
        for (var i = 1; i <= rows; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= columns; j++)
            {
                var replaced = diagonal + (char.ToLowerInvariant(left[i - 1]) == char.ToLowerInvariant(right[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j - 1], row[j]) + 1);
            }
        }

        return row[columns];
    }
}
