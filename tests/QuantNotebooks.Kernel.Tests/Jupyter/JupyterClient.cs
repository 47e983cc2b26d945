using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using NetMQ;
using NetMQ.Sockets;

namespace QuantNotebooks.Kernel.Tests.Jupyter;

/// <summary>A message as a client sees it.</summary>
internal sealed record Received(string Type, string? ParentId, JsonObject Content, JsonObject Header, IReadOnlyList<byte[]> Buffers)
{
    public string Text(string name) => Content[name]!.GetValue<string>();
}

/// <summary>
/// A Jupyter client for tests and benchmarks, written from the protocol's description and sharing no code with the kernel. Not thread safe: one test drives it.
/// </summary>
internal sealed class JupyterClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly byte[] Delimiter = Encoding.ASCII.GetBytes("<IDS|MSG>");

    private readonly JsonNode _connection;
    private readonly byte[] _key;
    private readonly string _session = Guid.NewGuid().ToString();

    /// <summary>Connects to the kernel of a connection file.</summary>
    /// <param name="connectionFile">Its text.</param>
    /// <param name="awaitsOutputs">Whether to wait until the kernel's outputs arrive.</param>
    public JupyterClient(string connectionFile, bool awaitsOutputs = true)
    {
        _connection = JsonNode.Parse(connectionFile)!;
        _key = Encoding.UTF8.GetBytes(_connection["key"]!.GetValue<string>());
        var identity = Encoding.ASCII.GetBytes(Guid.NewGuid().ToString());
        Shell = Dealer("shell_port", identity);
        Control = Dealer("control_port", identity);
        Stdin = Dealer("stdin_port", identity);
        IoPub.Options.ReceiveHighWatermark = 0;
        IoPub.Connect(Endpoint("iopub_port"));
        IoPub.SubscribeToAnyTopic();
        if (awaitsOutputs) AwaitSubscription();
    }

    /// <summary>The text of a connection file with a new key and free ports.</summary>
    public static string NewConnectionFile()
    {
        // All at once, so that none is given out twice.
        var listeners = Enumerable.Range(0, 5).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        var ports = listeners.ConvertAll(listener => ((IPEndPoint)listener.LocalEndpoint).Port);
        listeners.ForEach(listener => listener.Dispose());
        return new JsonObject
        {
            ["transport"] = "tcp", ["ip"] = "127.0.0.1", ["key"] = Guid.NewGuid().ToString(), ["signature_scheme"] = "hmac-sha256", ["kernel_name"] = "quantnb",
            ["shell_port"] = ports[0], ["control_port"] = ports[1], ["iopub_port"] = ports[2], ["stdin_port"] = ports[3], ["hb_port"] = ports[4],
        }.ToJsonString();
    }

    public DealerSocket Shell { get; }

    public DealerSocket Control { get; }

    public DealerSocket Stdin { get; }

    public SubscriberSocket IoPub { get; } = new();

    public string Endpoint(string port) => $"tcp://127.0.0.1:{_connection[port]!.GetValue<int>()}";

    /// <summary>Sends a message and returns its id.</summary>
    public string Send(DealerSocket socket, string type, JsonObject content, JsonObject? metadata = null, params byte[][] buffers)
    {
        var (id, frames) = Build(type, content, metadata);
        foreach (var buffer in buffers) frames.Append(buffer);
        socket.SendMultipartMessage(frames);
        return id;
    }

    /// <summary>A signed message, not sent.</summary>
    public (string Id, NetMQMessage Frames) Build(string type, JsonObject content, JsonObject? metadata = null, byte[]? key = null)
    {
        var id = Guid.NewGuid().ToString();
        var header = new JsonObject
        {
            ["msg_id"] = id, ["session"] = _session, ["username"] = "test", ["date"] = "2026-01-02T03:04:05.678901Z", ["msg_type"] = type, ["version"] = "5.3",
        };
        byte[][] parts = [Utf8(header), Utf8([]), Utf8(metadata ?? []), Utf8(content)];
        var frames = new NetMQMessage();
        frames.Append(Delimiter);
        frames.Append(Sign(parts, key ?? _key));
        foreach (var part in parts) frames.Append(part);
        return (id, frames);
    }

    /// <summary>Waits for the next message on a socket and checks its signature.</summary>
    public Received Receive(NetMQSocket socket)
    {
        NetMQMessage? frames = null;
        return socket.TryReceiveMultipartMessage(Patience, ref frames) ? Read(frames) : throw new TimeoutException("no message within 30 s");
    }

    /// <summary>A message that is there or arrives soon, or null.</summary>
    public Received? TryReceive(NetMQSocket socket, TimeSpan patience)
    {
        NetMQMessage? frames = null;
        return socket.TryReceiveMultipartMessage(patience, ref frames) ? Read(frames) : null;
    }

    /// <summary>Waits for the reply to a request.</summary>
    public Received ReplyTo(string id, DealerSocket? socket = null)
    {
        while (true)
        {
            var reply = Receive(socket ?? Shell);
            if (reply.ParentId == id) return reply;
        }
    }

    /// <summary>Waits for everything that is published about a request, up to its status idle.</summary>
    public List<Received> OutputsOf(string id)
    {
        var outputs = new List<Received>();
        while (true)
        {
            var message = Receive(IoPub);
            if (message.ParentId != id) continue;
            outputs.Add(message);
            if (message.Type == "status" && message.Text("execution_state") == "idle") return outputs;
        }
    }

    /// <summary>Waits for the first published message of a type about a request.</summary>
    public Received Await(string id, string type)
    {
        while (true)
        {
            var message = Receive(IoPub);
            if (message.ParentId == id && message.Type == type) return message;
        }
    }

    public string BeginExecute(
        string code, bool silent = false, bool storeHistory = true, bool allowStdin = false, bool stopOnError = true, JsonObject? expressions = null, string? cellId = null) =>
        Send(Shell, "execute_request", new JsonObject
        {
            ["code"] = code, ["silent"] = silent, ["store_history"] = storeHistory, ["user_expressions"] = expressions ?? [],
            ["allow_stdin"] = allowStdin, ["stop_on_error"] = stopOnError,
        }, cellId is null ? null : new JsonObject { ["cellId"] = cellId });

    /// <summary>Runs a cell to its end.</summary>
    public (Received Reply, List<Received> Outputs) Execute(string code, bool silent = false, bool storeHistory = true, JsonObject? expressions = null, string? cellId = null)
    {
        var id = BeginExecute(code, silent, storeHistory, expressions: expressions, cellId: cellId);
        return (ReplyTo(id), OutputsOf(id));
    }

    /// <summary>Runs a cell that must succeed and gives its value as plain text, or null.</summary>
    public string? Value(string code)
    {
        var (reply, outputs) = Execute(code);
        if (reply.Text("status") != "ok") throw new InvalidOperationException(reply.Content.ToJsonString());
        return outputs.SingleOrDefault(output => output.Type == "execute_result")?.Content["data"]!["text/plain"]!.GetValue<string>();
    }

    public Received Request(string type, JsonObject content) => ReplyTo(Send(Shell, type, content));

    public void Dispose()
    {
        foreach (var socket in (NetMQSocket[])[Shell, Control, Stdin, IoPub]) socket.Dispose();
    }

    private Received Read(NetMQMessage frames)
    {
        var parts = frames.Select(frame => frame.ToByteArray()).ToList();
        var start = parts.FindIndex(part => part.AsSpan().SequenceEqual(Delimiter));
        var signed = parts.GetRange(start + 2, 4);
        if (Sign(signed, _key) != Encoding.ASCII.GetString(parts[start + 1])) throw new InvalidDataException("a message with a wrong signature");
        var header = Json(signed[0]);
        if (header["version"]!.GetValue<string>() != "5.3") throw new InvalidDataException($"a message of version {header["version"]}");
        return new Received(header["msg_type"]!.GetValue<string>(), Json(signed[1])["msg_id"]?.GetValue<string>(), Json(signed[3]), header, parts[(start + 6)..]);
    }

    // Subscribing takes a moment, and what is published before is lost.
    private void AwaitSubscription()
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < Patience)
        {
            var id = Send(Shell, "kernel_info_request", []);
            ReplyTo(id);
            while (TryReceive(IoPub, TimeSpan.FromMilliseconds(50)) is { } message)
            {
                if (message.ParentId == id && message.Type == "status" && message.Text("execution_state") == "idle") return;
            }
        }
        throw new TimeoutException("nothing is published");
    }

    private DealerSocket Dealer(string port, byte[] identity)
    {
        var socket = new DealerSocket();
        socket.Options.Identity = identity;
        socket.Options.Linger = TimeSpan.Zero;
        socket.Options.ReconnectInterval = TimeSpan.FromMilliseconds(10); // a kernel that has just been started does not listen yet
        socket.Options.SendHighWatermark = 0;
        socket.Options.ReceiveHighWatermark = 0;
        socket.Connect(Endpoint(port));
        return socket;
    }

    private static string Sign(IEnumerable<byte[]> parts, byte[] key) => Convert.ToHexStringLower(HMACSHA256.HashData(key, parts.SelectMany(part => part).ToArray()));

    private static byte[] Utf8(JsonObject json) => Encoding.UTF8.GetBytes(json.ToJsonString());

    private static JsonObject Json(byte[] bytes) => (JsonObject)JsonNode.Parse(bytes)!;
}
