using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using NetMQ;
using QuantNotebooks.Kernel.Session;

namespace QuantNotebooks.Kernel.Jupyter;

/// <summary>
/// Jupyter's messages on the wire: identities, a delimiter, the signature, then header, parent header, metadata and content as JSON, then
/// binary buffers. Writing is thread safe; reading is for one thread.
/// </summary>
/// <param name="key">The secret of the connection file; empty for no signatures.</param>
internal sealed class WireFormat(string key)
{
    private const int SignedFrames = 4;

    private static readonly byte[] Delimiter = "<IDS|MSG>"u8.ToArray();
    private static readonly byte[] NoObject = "{}"u8.ToArray();
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly byte[] _key = Encoding.UTF8.GetBytes(key);
    private readonly string _session = Guid.NewGuid().ToString();
    private readonly SeenSignatures _seen = new();

    /// <summary>Builds a message.</summary>
    /// <param name="identities">The client, or the topic for those who subscribe.</param>
    /// <param name="type">The <c>msg_type</c>.</param>
    /// <param name="parent">The header of the request that caused it, or null.</param>
    /// <param name="content">Its content.</param>
    /// <param name="metadata">What else there is to say.</param>
    /// <param name="buffers">Binary data.</param>
    public NetMQMessage Write(
        IReadOnlyList<byte[]> identities, string type, byte[]? parent, JsonObject content, JsonObject? metadata = null, IReadOnlyList<byte[]>? buffers = null)
    {
        byte[][] signed = [Header(type), parent ?? NoObject, metadata is null ? NoObject : Bytes(metadata), Bytes(content)];
        var message = new NetMQMessage(identities.Count + 2 + SignedFrames);
        foreach (var identity in identities) message.Append(identity);
        message.Append(Delimiter);
        message.Append(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(Signature(signed))));
        foreach (var frame in signed) message.Append(frame);
        foreach (var buffer in buffers ?? []) message.Append(buffer);
        return message;
    }

    /// <summary>Takes a message apart.</summary>
    /// <param name="frames">What came.</param>
    /// <param name="channel">Where it came.</param>
    /// <param name="message">The message.</param>
    /// <param name="reason">Why it must be dropped: it is malformed, not signed with the key, or has come before.</param>
    public bool TryRead(NetMQMessage frames, KernelChannel channel, [NotNullWhen(true)] out JupyterMessage? message, [NotNullWhen(false)] out string? reason)
    {
        message = null;
        var parts = frames.Select(frame => frame.ToByteArray()).ToList();
        var delimiter = parts.FindIndex(part => part.AsSpan().SequenceEqual(Delimiter));
        if (delimiter < 0 || parts.Count < delimiter + 2 + SignedFrames) return Refuse("it is no Jupyter message", out reason);
        var signed = parts.GetRange(delimiter + 2, SignedFrames);
        if (!IsGenuine(parts[delimiter + 1], signed, out reason)) return false;
        if (Parse(signed[0]) is not { } header || Parse(signed[1]) is not { } parent || Parse(signed[2]) is not { } metadata || Parse(signed[3]) is not { } content)
            return Refuse("a part of it is no JSON object", out reason);
        if (header.Text("msg_type") is not { Length: > 0 } type) return Refuse("it has no msg_type", out reason);
        message = new JupyterMessage(
            channel, parts.GetRange(0, delimiter), type, header.Text("msg_id"), signed[0],
            parent.Text("msg_id") is { Length: > 0 } parentId ? parentId : null, metadata, content, parts.GetRange(delimiter + 2 + SignedFrames, parts.Count - delimiter - 2 - SignedFrames));
        return true;
    }

    private static bool Refuse(string why, out string reason)
    {
        reason = why;
        return false;
    }

    private bool IsGenuine(byte[] signature, IReadOnlyList<byte[]> signed, [NotNullWhen(false)] out string? reason)
    {
        reason = null;
        if (_key.Length == 0) return true;
        var expected = Signature(signed);
        var given = new byte[expected.Length];
        if (signature.Length != 2 * expected.Length
            || Convert.FromHexString(Encoding.ASCII.GetString(signature), given, out _, out _) != System.Buffers.OperationStatus.Done
            || !CryptographicOperations.FixedTimeEquals(expected, given))
            return Refuse("its signature is wrong", out reason);
        return _seen.Add(Convert.ToHexString(expected)) || Refuse("it has come before", out reason);
    }

    private byte[] Signature(IReadOnlyList<byte[]> signed)
    {
        if (_key.Length == 0) return [];
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        foreach (var frame in signed) hash.AppendData(frame);
        return hash.GetHashAndReset();
    }

    private byte[] Header(string type) => Bytes(new JsonObject
    {
        ["msg_id"] = Guid.NewGuid().ToString(),
        ["session"] = _session,
        ["username"] = "kernel",
        ["date"] = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
        ["msg_type"] = type,
        ["version"] = KernelIdentity.ProtocolVersion,
    });

    private static byte[] Bytes(JsonObject json) => JsonSerializer.SerializeToUtf8Bytes(json, Json);

    private static JsonObject? Parse(byte[] bytes)
    {
        try
        {
            return StrictJson.Parse(bytes) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The signatures of the latest messages, so that nobody who has overheard one can send it again.</summary>
    private sealed class SeenSignatures
    {
        private const int Capacity = 1 << 16;

        private readonly HashSet<string> _set = [];
        private readonly Queue<string> _order = new();

        public bool Add(string signature)
        {
            if (!_set.Add(signature)) return false;
            _order.Enqueue(signature);
            if (_order.Count > Capacity) _set.Remove(_order.Dequeue());
            return true;
        }
    }
}
