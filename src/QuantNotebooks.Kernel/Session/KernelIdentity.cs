using System.Text.Json.Nodes;

namespace QuantNotebooks.Kernel.Session;

/// <summary>What the kernel says of itself, to clients and in notebooks.</summary>
internal static class KernelIdentity
{
    /// <summary>The version of Jupyter's messaging protocol that the kernel speaks.</summary>
    public const string ProtocolVersion = "5.3";

    /// <summary>The kernelspec's usual name.</summary>
    public const string Name = "quantnb";

    /// <summary>What menus call it.</summary>
    public const string DisplayName = "C# (Quant Notebooks)";

    /// <summary>The language, as kernelspecs and notebooks name it.</summary>
    public const string Language = "C#";

    /// <summary>nbformat's <c>kernelspec</c>.</summary>
    public static JsonObject Kernelspec => new() { ["display_name"] = DisplayName, ["language"] = Language, ["name"] = Name };

    /// <summary>nbformat's <c>language_info</c>, and the messages'.</summary>
    public static JsonObject LanguageInfo => new()
    {
        ["name"] = Language, ["version"] = "14", ["mimetype"] = "text/x-csharp", ["file_extension"] = ".cs", ["pygments_lexer"] = "csharp",
    };

    /// <summary>The content of a <c>kernel_info_reply</c>.</summary>
    public static JsonObject KernelInfo => new()
    {
        ["status"] = "ok",
        ["protocol_version"] = ProtocolVersion,
        ["implementation"] = Name,
        ["implementation_version"] = ToolVersion.Text.Split(' ')[^1],
        ["language_info"] = LanguageInfo,
        ["banner"] = $"{ToolVersion.Text}: C# notebooks about quantized neural networks. #!help lists the commands.",
        ["help_links"] = new JsonArray(),
        ["debugger"] = false,
    };
}
