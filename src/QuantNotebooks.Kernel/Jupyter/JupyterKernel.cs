using System.Text.Json.Nodes;
using System.Collections.Concurrent;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Kernel.Session;

namespace QuantNotebooks.Kernel.Jupyter;

/// <summary>
/// A Jupyter kernel for C#: takes requests from the sockets and hands them to who answers. Requests on the shell socket are answered one after
/// the other, those on the control socket beside them. <see cref="Dispose"/> closes the sockets.
/// </summary>
internal sealed class JupyterKernel : IDisposable
{
    private const string RequestSuffix = "_request";

    private readonly BlockingCollection<(JupyterMessage Message, long Order)> _shell = [];
    private readonly BlockingCollection<JupyterMessage> _control = [];
    private readonly TaskCompletionSource _ended = new();
    private readonly KernelSockets _sockets;
    private readonly StandardInput _input;
    private readonly CommManager _comms;
    private readonly CellExecution _execution;
    private readonly NotebookSession _session;
    private readonly RunningCellFile? _running;
    private readonly Dictionary<string, Func<JupyterMessage, Task<JsonObject?>>> _handlers;
    private long _received;
    private long _abortUpTo;

    /// <summary>Opens the sockets.</summary>
    /// <param name="connection">Which ones.</param>
    /// <param name="session">Runs the cells; the caller's to dispose.</param>
    /// <param name="running">Tells the process after this one which cell ran; null where nobody asks.</param>
    /// <exception cref="NetMQ.NetMQException">A port is taken.</exception>
    public JupyterKernel(ConnectionFile connection, NotebookSession session, RunningCellFile? running = null)
    {
        _running = running;
        _session = session;
        _sockets = new KernelSockets(connection, Receive);
        _input = new StandardInput(_sockets);
        _comms = new CommManager(_sockets);
        _execution = new CellExecution(_sockets, session, _comms, _input, running);
        _handlers = new()
        {
            ["kernel_info_request"] = _ => InfoAsync(),
            ["execute_request"] = _execution.ExecuteAsync,
            ["complete_request"] = request => AssistanceRequests.CompleteAsync(session, request.Content),
            ["inspect_request"] = request => AssistanceRequests.InspectAsync(session, request.Content),
            ["is_complete_request"] = request => Answer(CellCompleteness.Reply(request.Content.Text("code"))),
            ["history_request"] = request => Answer(_execution.History.Reply(request.Content)),
            ["comm_info_request"] = request => Answer(_comms.Info(request.Content.Text("target_name"))),
            ["comm_open"] = _execution.CommAsync,
            ["comm_msg"] = _execution.CommAsync,
            ["comm_close"] = _execution.CommAsync,
            ["interrupt_request"] = _ => Interrupted(),
            ["shutdown_request"] = Shutdown,
        };
    }

    /// <summary>Serves until a client shuts the kernel down, or <see cref="Stop"/> is called.</summary>
    public async Task RunAsync()
    {
        _sockets.Publish("status", null, Starting());
        Start("shell", ServeShell);
        Start("control", ServeControl);
        if (_running?.Previous is { } dead) _ = Task.Run(() => TellOfAsync(dead));
        await _ended.Task.ConfigureAwait(false);
        _execution.Interrupt();
        _shell.CompleteAdding();
        _control.CompleteAdding();
    }

    /// <summary>Stops the cell that is running.</summary>
    public void Interrupt() => _execution.Interrupt();

    /// <summary>Ends <see cref="RunAsync"/>.</summary>
    public void Stop() => _ended.TrySetResult();

    public void Dispose()
    {
        _running?.Dispose();
        _sockets.Dispose();
    }

    // Not threads of the pool, all of which may be busy with tasks of a cell that is to be stopped.
    private static void Start(string name, Action serve) => new Thread(() => serve()) { IsBackground = true, Name = name }.Start();

    private static void Add<T>(BlockingCollection<T> requests, T request)
    {
        try
        {
            requests.Add(request);
        }
        catch (InvalidOperationException) when (requests.IsAddingCompleted)
        {
            // It came after the end.
        }
    }

    private static Task<JsonObject?> Answer(JsonObject content) => Task.FromResult<JsonObject?>(content);

    // By this answer clients know that the kernel is ready, so it comes when it is.
    private async Task<JsonObject?> InfoAsync()
    {
        await _session.StartAsync().ConfigureAwait(false);
        return KernelIdentity.KernelInfo;
    }

    // Below the cell that died, for clients that remember their requests over a restart, as Jupyter Notebook does. Once ready, for by then clients listen again:
    // most have missed the first status, and call the kernel dead until they get it.
    private async Task TellOfAsync(DeadKernel dead)
    {
        await _session.StartAsync().ConfigureAwait(false);
        _sockets.Publish("status", null, Starting());
        _sockets.PublishAbout(dead.Request, "stream", new JsonObject { ["name"] = "stderr", ["text"] = dead.Explanation });
    }

    private void Receive(JupyterMessage message)
    {
        switch (message.Channel)
        {
            case KernelChannel.Stdin when message.Type == "input_reply":
                _input.Receive(message);
                break;
            // Visual Studio Code sends its interrupt by the shell channel, where it would wait for the cell that it is to stop.
            case KernelChannel.Shell when message.Type == "interrupt_request":
            case KernelChannel.Control:
                Add(_control, message);
                break;
            case KernelChannel.Shell:
                Add(_shell, (message, Interlocked.Increment(ref _received)));
                break;
        }
    }

    private void ServeShell()
    {
        foreach (var (message, order) in _shell.GetConsumingEnumerable())
        {
            var isAborted = message.Type == "execute_request" && order <= _abortUpTo;
            (isAborted ? ServeAsync(message, _ => Answer(Aborted())) : ServeAsync(message)).GetAwaiter().GetResult();
        }
    }

    private void ServeControl()
    {
        foreach (var message in _control.GetConsumingEnumerable()) ServeAsync(message).GetAwaiter().GetResult();
    }

    private Task ServeAsync(JupyterMessage request) => ServeAsync(request, _handlers.GetValueOrDefault(request.Type, Unknown));

    private async Task ServeAsync(JupyterMessage request, Func<JupyterMessage, Task<JsonObject?>> handler)
    {
        Status(request, "busy");
        JsonObject? reply;
        try
        {
            reply = await handler(request).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // A defect in answering one request must not take the session with it; the client and the log get to know.
        catch (Exception defect)
#pragma warning restore CA1031
        {
            await CellConsole.Error.WriteLineAsync($"quantnb: {request.Type}: {defect}").ConfigureAwait(false);
            reply = Failure(defect.GetType().Name, defect.Message);
            // Notebooks show what is published, and nothing of the reply.
            if (request.Type == "execute_request") _sockets.Publish("error", request, (JsonObject)reply.DeepClone());
        }
        // Cells that the client had sent before it knew of the failure are not run; those it sends afterwards are.
        if (request.Type == "execute_request" && reply?.Text("status") == "error" && request.Content.Flag("stop_on_error", missing: true))
            _abortUpTo = Interlocked.Read(ref _received);
        if (reply is not null) _sockets.Reply(request, ReplyTypeOf(request), reply);
        Status(request, "idle");
        if (request.Type == "shutdown_request") Stop();
    }

    private void Status(JupyterMessage request, string state) => _sockets.Publish("status", request, new JsonObject { ["execution_state"] = state });

    private Task<JsonObject?> Interrupted()
    {
        _execution.Interrupt();
        return Answer(new JsonObject { ["status"] = "ok" });
    }

    private Task<JsonObject?> Shutdown(JupyterMessage request)
    {
        _running?.Dispose();
        var content = new JsonObject { ["status"] = "ok", ["restart"] = request.Content.Flag("restart", missing: false) };
        _sockets.Publish(ReplyTypeOf(request), request, (JsonObject)content.DeepClone());
        return Answer(content);
    }

    // A request gets an answer, so that nobody waits for one; the protocol has other messages without any.
    private static Task<JsonObject?> Unknown(JupyterMessage message)
    {
        CellConsole.Error.WriteLine($"quantnb: a message of the unknown type '{message.Type}' was ignored.");
        return Task.FromResult(message.Type.EndsWith(RequestSuffix, StringComparison.Ordinal)
            ? Failure("UnknownRequest", $"This kernel does not know '{message.Type}'.") : null);
    }

    private static string ReplyTypeOf(JupyterMessage request) => request.Type.EndsWith(RequestSuffix, StringComparison.Ordinal)
        ? string.Concat(request.Type.AsSpan(0, request.Type.Length - RequestSuffix.Length), "_reply") : request.Type + "_reply";

    private static JsonObject Starting() => new() { ["execution_state"] = "starting" };

    private static JsonObject Aborted() => new() { ["status"] = "aborted" };

    private static JsonObject Failure(string name, string message) => new()
    {
        ["status"] = "error", ["ename"] = name, ["evalue"] = message, ["traceback"] = new JsonArray($"{name}: {message}"),
    };
}
