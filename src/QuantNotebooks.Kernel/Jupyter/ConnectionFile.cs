using System.Net;
using System.Text.Json;

namespace QuantNotebooks.Kernel.Jupyter;

/// <summary>Where a kernel listens and how its messages are signed, as the client that starts it says in a file. Immutable.</summary>
/// <param name="Address">A loopback address.</param>
/// <param name="ShellPort">The port for requests.</param>
/// <param name="ControlPort">The port for requests that must not wait: interrupt and shutdown.</param>
/// <param name="IoPubPort">The port for outputs.</param>
/// <param name="StdinPort">The port for questions to the user.</param>
/// <param name="HeartbeatPort">The port that echoes.</param>
/// <param name="Key">The secret that signs messages; empty where the client wants none signed.</param>
internal sealed record ConnectionFile(IPAddress Address, int ShellPort, int ControlPort, int IoPubPort, int StdinPort, int HeartbeatPort, string Key)
{
    private const string OnlySignature = "hmac-sha256";
    private const string OnlyTransport = "tcp";

    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>The address of a port as ZeroMQ writes it.</summary>
    public string EndpointOf(int port) => $"{OnlyTransport}://{(Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{Address}]" : Address)}:{port}";

    /// <summary>
    /// Reads a connection file, and takes it away from other users' eyes: whoever knows the key can run code here as the kernel's user.
    /// </summary>
    /// <exception cref="ConnectionFileException">The file is missing, malformed, or asks for what this kernel does not do.</exception>
    public static ConnectionFile Read(string path)
    {
        if (Directory.Exists(path)) throw new ConnectionFileException(path, "it is a folder; a connection file is wanted");
        if (!File.Exists(path)) throw new ConnectionFileException(path, "there is no such file");
        try
        {
            MakePrivate(path);
            return Parse(File.ReadAllText(path), path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConnectionFileException(path, exception.Message, exception);
        }
    }

    /// <summary>Reads the text of a connection file.</summary>
    /// <exception cref="ConnectionFileException">It is malformed, or asks for what this kernel does not do.</exception>
    public static ConnectionFile Parse(string text, string path)
    {
        JsonElement json;
        try
        {
            using var document = JsonDocument.Parse(text);
            json = document.RootElement.Clone();
        }
        catch (JsonException exception)
        {
            throw new ConnectionFileException(path, "it is not valid JSON", exception);
        }
        if (json.ValueKind != JsonValueKind.Object) throw new ConnectionFileException(path, "it is not a JSON object");
        if (Text("transport", OnlyTransport) is var transport && transport != OnlyTransport)
            throw new ConnectionFileException(path, $"transport '{transport}' is not supported, only '{OnlyTransport}'");
        var key = Text("key", "");
        if (key.Length > 0 && Text("signature_scheme", OnlySignature) is var scheme && scheme != OnlySignature)
            throw new ConnectionFileException(path, $"signature_scheme '{scheme}' is not supported, only '{OnlySignature}'");
        return new ConnectionFile(
            Loopback(Text("ip", "127.0.0.1")), Port("shell_port"), Port("control_port"), Port("iopub_port"), Port("stdin_port"), Port("hb_port"), key);

        string Text(string name, string missing) => !json.TryGetProperty(name, out var value) ? missing
            : value.ValueKind == JsonValueKind.String ? value.GetString()! : throw new ConnectionFileException(path, $"'{name}' is not a string");

        int Port(string name) => json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetInt32(out var port) && port is > 0 and <= IPEndPoint.MaxPort
                ? port : throw new ConnectionFileException(path, $"'{name}' is not a port (1 to {IPEndPoint.MaxPort})");

        IPAddress Loopback(string ip) => ip == "localhost" ? IPAddress.Loopback
            : IPAddress.TryParse(ip, out var address) && IPAddress.IsLoopback(address) ? address
            : throw new ConnectionFileException(path, $"ip '{ip}' is not a loopback address, and this kernel listens to no other machine");
    }

    private static void MakePrivate(string path)
    {
        if (OperatingSystem.IsWindows()) return; // there, files in a user's folders are that user's alone
        var mode = File.GetUnixFileMode(path);
        if ((mode & Others) == 0) return;
        File.SetUnixFileMode(path, mode & ~Others);
        Console.Error.WriteLine($"quantnb: {path} was open to other users; it is not any more.");
    }
}

/// <summary>A connection file cannot be used; the message names the file and says why.</summary>
internal sealed class ConnectionFileException(string path, string reason, Exception? inner = null) : Exception($"{path}: {reason.ReplaceLineEndings(" ")}", inner);
