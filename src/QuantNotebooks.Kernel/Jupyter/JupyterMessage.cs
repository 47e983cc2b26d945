using System.Text.Json.Nodes;

namespace QuantNotebooks.Kernel.Jupyter;

/// <summary>The sockets on which messages travel.</summary>
internal enum KernelChannel
{
    /// <summary>Requests, handled one after the other.</summary>
    Shell,

    /// <summary>Requests that do not wait for those of the shell.</summary>
    Control,

    /// <summary>What all clients see: outputs and status.</summary>
    IoPub,

    /// <summary>Questions of the kernel to the user, and the answers.</summary>
    Stdin,
}

/// <summary>A message from a client, its signature checked.</summary>
/// <param name="Channel">The socket on which it came, and on which the reply goes.</param>
/// <param name="Identities">Which client it is from: the frames before the delimiter.</param>
/// <param name="Type">Its <c>msg_type</c>.</param>
/// <param name="Id">Its <c>msg_id</c>.</param>
/// <param name="Header">Its header as it came, which messages about it carry as their parent.</param>
/// <param name="ParentId">The <c>msg_id</c> of the message that it is about, or null.</param>
/// <param name="Metadata">What the client adds beside the content.</param>
/// <param name="Content">The content, different for each type.</param>
/// <param name="Buffers">Binary data, as comm messages have.</param>
internal sealed record JupyterMessage(
    KernelChannel Channel, IReadOnlyList<byte[]> Identities, string Type, string Id, byte[] Header, string? ParentId,
    JsonObject Metadata, JsonObject Content, IReadOnlyList<byte[]> Buffers);

/// <summary>Reading the fields of messages, which clients may leave out or get wrong.</summary>
internal static class JupyterContent
{
    public static string Text(this JsonObject content, string name, string missing = "") =>
        content[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : missing;

    public static bool Flag(this JsonObject content, string name, bool missing) =>
        content[name] is JsonValue value && value.TryGetValue<bool>(out var flag) ? flag : missing;

    public static int Number(this JsonObject content, string name, int missing) =>
        content[name] is JsonValue value && value.TryGetValue<int>(out var number) ? number : missing;

    public static JsonObject Child(this JsonObject content, string name) => content[name] as JsonObject ?? [];
}
