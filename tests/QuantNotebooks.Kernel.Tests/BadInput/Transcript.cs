namespace QuantNotebooks.Kernel.Tests.BadInput;

/// <summary>
/// A file of wrong inputs: a line <c>$ input</c>, then all lines that the user must read. A line that begins with '#', and an empty one, is for the reader of the file.
/// </summary>
internal static class Transcript
{
    /// <summary>The inputs of a file, each with the text that is expected.</summary>
    public static TheoryData<string, string> Read(string name)
    {
        var cases = new TheoryData<string, string>();
        string? input = null;
        var expected = new List<string>();
        foreach (var line in File.ReadLines(QuantNotebooks.Tests.Repository.PathOf("tests", "QuantNotebooks.Kernel.Tests", "BadInput", name + ".txt")))
        {
            if (line.Length == 0 || line[0] == '#' && !line.StartsWith("#!", StringComparison.Ordinal)) continue;
            if (line.StartsWith("$ ", StringComparison.Ordinal))
            {
                Add();
                input = line[2..];
                expected.Clear();
            }
            else expected.Add(line);
        }
        Add();
        return cases;

        void Add()
        {
            if (input is not null) cases.Add(input, string.Join('\n', expected));
        }
    }
}
