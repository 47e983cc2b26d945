using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using QuantNotebooks.Kernel.Scripting;

namespace QuantNotebooks.Kernel.Jupyter;

/// <summary>Errors as Jupyter shows them: what happened in red, where in cyan, by ANSI colours.</summary>
internal static partial class TracebackColours
{
    private const string Red = "\u001b[31m";
    private const string BoldRed = "\u001b[1;31m";
    private const string Cyan = "\u001b[36m";
    private const string Plain = "\u001b[0m";

    /// <summary>The content of an <c>error</c> message, and part of that of a failed <c>execute_reply</c>.</summary>
    public static JsonObject ToJson(CellError error) => new()
    {
        ["ename"] = error.Name,
        ["evalue"] = error.Message,
        ["traceback"] = new JsonArray([.. error.Traceback.Select((line, index) => (JsonNode)Colour(line, index == 0))]),
    };

    private static string Colour(string line, bool isFirst)
    {
        if (Frame().Match(line) is { Success: true } frame) return $"{frame.Groups[1].Value}{Cyan}{frame.Groups[2].Value}{Plain}{frame.Groups[3].Value}";
        if (Headline().Match(line) is { Success: true } headline) return $"{BoldRed}{headline.Groups[1].Value}{Plain}{headline.Groups[2].Value}";
        if (line.TrimStart() == "^") return Red + line + Plain;
        return isFirst ? BoldRed + line + Plain : line;
    }

    // "   at Method, cell 3, line 2: source"
    [GeneratedRegex(@"^(   at )((?:[^,]+, )?cell \d+, line \d+)(: .*)$")]
    private static partial Regex Frame();

    // "(1,5): error CS0103: message" or "Namespace.Exception: message"
    [GeneratedRegex(@"^(\(\d+,\d+\): (?:error|warning) \w+|(?:  caused by )?[\w.+`]+)(: .*)$", RegexOptions.Singleline)]
    private static partial Regex Headline();
}
