namespace QuantNotebooks.Notebook.Commands;

/// <summary>What somebody meant who wrote a name that does not exist.</summary>
internal static class NearestName
{
    /// <summary>Names an unknown word and the nearest that exists.</summary>
    public static string Unknown(string kind, string word, IEnumerable<string> known) =>
        $"unknown {kind} '{word}'{(Find(word, known) is { } nearest ? $"; did you mean '{nearest}'?" : "")}";

    private static string? Find(string word, IEnumerable<string> known)
    {
        var best = known.Select(candidate => (Candidate: candidate, Distance: Distance(word, candidate))).OrderBy(pair => pair.Distance).FirstOrDefault();
        return best.Candidate is not null && best.Distance <= Math.Max(2, word.Length / 3) ? best.Candidate : null;
    }

    // Edits to get from one word to the other (Levenshtein), two neighbours swapped counting as one.
    private static int Distance(string from, string to)
    {
        var table = new int[from.Length + 1, to.Length + 1];
        for (var i = 0; i <= from.Length; i++) table[i, 0] = i;
        for (var j = 0; j <= to.Length; j++) table[0, j] = j;
        for (var i = 1; i <= from.Length; i++)
        {
            for (var j = 1; j <= to.Length; j++)
            {
                var replaced = table[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                table[i, j] = Math.Min(replaced, Math.Min(table[i - 1, j], table[i, j - 1]) + 1);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
            }
        }
        return table[from.Length, to.Length];
    }
}
