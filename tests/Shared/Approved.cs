namespace QuantNotebooks.Tests;

/// <summary>Files of the repository that are made from the code: a test compares them, and writes them anew when it is told to.</summary>
internal static class Approved
{
    private const string Switch = "QUANT_NOTEBOOKS_APPROVE";

    /// <summary>Fails where the file differs from what the code makes of it now.</summary>
    /// <param name="text">What the code makes of it.</param>
    /// <param name="path">The file, from the repository's root.</param>
    public static void Check(string text, params string[] path)
    {
        var file = Repository.PathOf(path);
        var wanted = text.ReplaceLineEndings("\n");
        if (Environment.GetEnvironmentVariable(Switch) == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, wanted);
            return;
        }
        var found = File.Exists(file) ? File.ReadAllText(file).ReplaceLineEndings("\n") : "";
        if (found == wanted) return;
        var (before, after) = (found.Split('\n'), wanted.Split('\n'));
        var differences = before.Except(after).Select(line => "- " + line).Concat(after.Except(before).Select(line => "+ " + line)).Take(20);
        throw new InvalidOperationException($"{string.Join('/', path)} is not what the code makes of it now. If the change is meant, write it anew with this test and {Switch}=1, and commit it:\n"
            + string.Join('\n', differences));
    }
}
