using System.Text.Json;

namespace QuantNotebooks.Yardstick;

/// <summary>One method on one network at one number of bits.</summary>
/// <param name="Network">The network.</param>
/// <param name="KeepsDeadChannels">Whether dead channels stay as they are in the file.</param>
/// <param name="Bits">Bits of weights and activations.</param>
/// <param name="Method">The method.</param>
/// <param name="Images">Images that it saw.</param>
/// <param name="Training">How its training went, in words; null where it does not train.</param>
/// <param name="Seconds">Time until the network was corrected, without the test.</param>
/// <param name="CpuSeconds">The same as processor time of all threads, which other work on the machine changes little.</param>
/// <param name="TopOne">Share of the test images that are right, 0 to 1.</param>
/// <param name="FloatTopOne">The same in full precision.</param>
/// <param name="TestImages">Number of test images.</param>
/// <param name="Date">When it was measured, UTC.</param>
internal sealed record Row(
    string Network, bool KeepsDeadChannels, int Bits, string Method, int Images, string? Training, double Seconds, double CpuSeconds,
    double TopOne, double FloatTopOne, int TestImages, DateOnly Date)
{
    /// <summary>Reads the rows that earlier runs finished.</summary>
    public static List<Row> Load(string file) => File.Exists(file)
        ? [.. File.ReadLines(file).Where(line => line.Length > 0).Select(line => JsonSerializer.Deserialize<Row>(line, JsonSerializerOptions.Web)!)]
        : [];

    /// <summary>Adds the row to the file, so that a run that is cut short loses only the row under way.</summary>
    public void Append(string file) => File.AppendAllText(file, JsonSerializer.Serialize(this, JsonSerializerOptions.Web) + "\n");
}
