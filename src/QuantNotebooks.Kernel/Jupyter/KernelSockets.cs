using System.Text;
using System.Text.Json.Nodes;
using NetMQ;
using NetMQ.Sockets;

namespace QuantNotebooks.Kernel.Jupyter;

/// <summary>
/// The five sockets of a kernel. One thread owns them all and does nothing but move messages, so the heartbeat answers whatever cells do.
/// Sending is thread safe, and messages leave in the order of the calls, across sockets too.
/// </summary>
internal sealed class KernelSockets : IDisposable
{
    /// <summary>How long closing may wait for clients to take what is still to be sent.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(2);

    /// <summary>Messages that may wait for a client that does not take its outputs.</summary>
    private const int MostWaiting = 10_000;

    private readonly WireFormat _wire;
    private readonly RouterSocket _shell = new();
    private readonly RouterSocket _control = new();
    private readonly RouterSocket _stdin = new();
    private readonly PublisherSocket _ioPub = new();
    private readonly RouterSocket _heartbeat = new();
    private readonly NetMQQueue<Action> _outgoing = new();
    private readonly NetMQPoller _poller;
    private readonly Lock _sending = new();
    private bool _isClosed;

    /// <summary>Binds all ports.</summary>
    /// <param name="connection">Which ones.</param>
    /// <param name="receive">Gets each message, on the sockets' thread; it must return at once.</param>
    /// <exception cref="NetMQException">A port is taken.</exception>
    public KernelSockets(ConnectionFile connection, Action<JupyterMessage> receive)
    {
        _wire = new WireFormat(connection.Key);
        _poller = [_shell, _control, _stdin, _ioPub, _heartbeat, _outgoing];
        try
        {
            Bind(_shell, connection.EndpointOf(connection.ShellPort));
            Bind(_control, connection.EndpointOf(connection.ControlPort));
            Bind(_stdin, connection.EndpointOf(connection.StdinPort));
            Bind(_ioPub, connection.EndpointOf(connection.IoPubPort));
            Bind(_heartbeat, connection.EndpointOf(connection.HeartbeatPort));
        }
        catch
        {
            DisposeAll();
            throw;
        }
        Listen(_shell, KernelChannel.Shell, receive);
        Listen(_control, KernelChannel.Control, receive);
        Listen(_stdin, KernelChannel.Stdin, receive);
        _heartbeat.ReceiveReady += (_, _) =>
        {
            NetMQMessage? beat = null;
            while (_heartbeat.TryReceiveMultipartMessage(ref beat)) _heartbeat.SendMultipartMessage(beat);
        };
        _outgoing.ReceiveReady += (_, _) =>
        {
            while (_outgoing.TryDequeue(out var send, TimeSpan.Zero)) send();
        };
        _poller.RunAsync("jupyter sockets");
    }

    /// <summary>Answers a request on the socket it came on.</summary>
    public void Reply(JupyterMessage request, string type, JsonObject content) =>
        Send(request.Channel, request.Identities, type, request.Header, content);

    /// <summary>Asks the client that made a request.</summary>
    public void Ask(JupyterMessage request, string type, JsonObject content) =>
        Send(KernelChannel.Stdin, request.Identities, type, request.Header, content);

    /// <summary>Tells all clients.</summary>
    /// <param name="type">The message's type, which is also its topic.</param>
    /// <param name="parent">The request that caused it, or null.</param>
    /// <param name="content">What there is to say.</param>
    /// <param name="metadata">What else.</param>
    /// <param name="buffers">Binary data.</param>
    public void Publish(string type, JupyterMessage? parent, JsonObject content, JsonObject? metadata = null, IReadOnlyList<byte[]>? buffers = null) =>
        PublishAbout(parent?.Header, type, content, metadata, buffers);

    /// <summary>Tells all clients of something that a request has caused, perhaps of another process.</summary>
    /// <param name="parent">The request's header, or null.</param>
    /// <param name="type">As above.</param>
    /// <param name="content">As above.</param>
    /// <param name="metadata">As above.</param>
    /// <param name="buffers">As above.</param>
    public void PublishAbout(byte[]? parent, string type, JsonObject content, JsonObject? metadata = null, IReadOnlyList<byte[]>? buffers = null) =>
        Send(KernelChannel.IoPub, [Encoding.UTF8.GetBytes(type)], type, parent, content, metadata, buffers);

    public void Dispose()
    {
        using (var flushed = new ManualResetEventSlim())
        {
            Enqueue(flushed.Set);
            flushed.Wait(Linger);
        }
        lock (_sending) _isClosed = true;
        _poller.Stop();
        DisposeAll();
    }

    // Signed here, on the caller's thread.
    private void Send(
        KernelChannel channel, IReadOnlyList<byte[]> identities, string type, byte[]? parent, JsonObject content, JsonObject? metadata = null,
        IReadOnlyList<byte[]>? buffers = null)
    {
        var message = _wire.Write(identities, type, parent, content, metadata, buffers);
        var socket = SocketOf(channel);
        Enqueue(() => socket.SendMultipartMessage(message));
    }

    // Threads that cells have started may write after the end; a queue that nobody empties would hold them for ever.
    private void Enqueue(Action send)
    {
        lock (_sending)
        {
            if (!_isClosed) _outgoing.Enqueue(send);
        }
    }

    private NetMQSocket SocketOf(KernelChannel channel) => channel switch
    {
        KernelChannel.Shell => _shell,
        KernelChannel.Control => _control,
        KernelChannel.Stdin => _stdin,
        _ => _ioPub,
    };

    private void Listen(NetMQSocket socket, KernelChannel channel, Action<JupyterMessage> receive) => socket.ReceiveReady += (_, _) =>
    {
        NetMQMessage? frames = null;
        while (socket.TryReceiveMultipartMessage(ref frames))
        {
            if (_wire.TryRead(frames, channel, out var message, out var reason)) receive(message);
            else Scripting.CellConsole.Error.WriteLine($"quantnb: a message on {channel} was dropped: {reason}");
        }
    };

    private static void Bind(NetMQSocket socket, string endpoint)
    {
        socket.Options.Linger = Linger;
        // Beyond its limit ZeroMQ throws messages away. A client that is gone has no queue; one that hangs must not eat the memory: output's messages
        // are small enough that this many hold more than any client that lives lags behind. Answers are as many as the client's own requests.
        socket.Options.SendHighWatermark = socket is PublisherSocket ? MostWaiting : 0;
        socket.Options.ReceiveHighWatermark = 0;
        socket.Bind(endpoint);
    }

    private void DisposeAll()
    {
        _poller.Dispose();
        foreach (var socket in (NetMQSocket[])[_shell, _control, _stdin, _ioPub, _heartbeat]) socket.Dispose();
        _outgoing.Dispose();
    }
}
