using System.Text.RegularExpressions;

namespace QuantNotebooks.Notebook.Text;

/// <summary>Names of properties as words, for people: "ShareThatIsMeanShift" reads as "share that is mean shift".</summary>
internal static partial class HeadingText
{
    // What the field writes otherwise than in small letters.
    private static readonly Dictionary<string, string> Written = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Sqnr"] = "SQNR", ["RootQnsr"] = "rQNSR", ["Mssr"] = "MSSR", ["Decibels"] = "dB", ["Db"] = "dB", ["Percent"] = "%", ["Macs"] = "MACs", ["Kl"] = "KL", ["Mse"] = "MSE",
        ["Relu"] = "ReLU", ["Relu6"] = "ReLU6", ["Onnx"] = "ONNX", ["Qdq"] = "QDQ", ["Json"] = "JSON", ["Html"] = "HTML", ["Csv"] = "CSV", ["Cpu"] = "CPU", ["Sha256"] = "SHA-256",
        ["TopOne"] = "top-1", ["Top1"] = "top-1",
    };

    /// <summary>
    /// Splits a name at its capitals and digits and writes the words small, but for the field's own abbreviations (SQNR, dB, MACs, top-1). A text that is no
    /// name of a property, with spaces or punctuation in it, stays as it is.
    /// </summary>
    /// <param name="name">A name in Pascal or camel case.</param>
    public static string Of(string name) => Name().IsMatch(name) ? string.Join(' ', Word().Matches(name).Select(word => Word(word.Value))) : name;

    private static string Word(string word) =>
        Written.TryGetValue(word, out var written) ? written
        : word.Skip(1).Any(char.IsUpper) ? word // KiB, W4A8, an abbreviation in capitals
        : word.ToLowerInvariant();

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9]*$")]
    private static partial Regex Name();

    [GeneratedRegex("RootQnsr|TopOne|Top1|[KMG]iB|MACs|Re[Ll][Uu]6?|Sha256|W[0-9]+A[0-9]+|Int[0-9]+|[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+|[A-Z]|[0-9]+")]
    private static partial Regex Word();
}
