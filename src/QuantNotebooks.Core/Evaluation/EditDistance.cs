namespace QuantNotebooks.Evaluation;

/// <summary>How far a text is from the right one.</summary>
public static class EditDistance
{
    /// <summary>The fewest insertions, deletions and substitutions of a character that make one text of the other (Levenshtein).</summary>
    public static int Between(ReadOnlySpan<char> one, ReadOnlySpan<char> other)
    {
        var row = new int[other.Length + 1];
        for (var column = 0; column < row.Length; column++) row[column] = column;
        for (var index = 0; index < one.Length; index++)
        {
            var diagonal = row[0];
            row[0] = index + 1;
            for (var column = 0; column < other.Length; column++)
            {
                var substituted = diagonal + (one[index] == other[column] ? 0 : 1);
                diagonal = row[column + 1];
                row[column + 1] = Math.Min(substituted, Math.Min(diagonal, row[column]) + 1);
            }
        }
        return row[^1];
    }
}
