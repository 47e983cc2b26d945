using System.Text.Json.Nodes;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Kernel.Session;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Jupyter;

/// <summary>Runs what clients send as code, and can be interrupted from any thread. Requests come one at a time.</summary>
internal sealed class CellExecution(KernelSockets sockets, NotebookSession session, CommManager comms, StandardInput input, RunningCellFile? running)
{
    private readonly Lock _gate = new();
    private readonly ChartLibrary _charts = new();
    private CancellationTokenSource? _running;
    private string? _beforeFirst = running?.Previous?.Explanation;

    /// <summary>The cells that were run.</summary>
    public CellHistory History { get; } = new();

    /// <summary>Stops what is running; what runs next is not touched.</summary>
    public void Interrupt()
    {
        lock (_gate) _running?.Cancel(); // returns at once: the run stops on a thread of its own
    }

    /// <summary>Answers an <c>execute_request</c>.</summary>
    public async Task<JsonObject?> ExecuteAsync(JupyterMessage request)
    {
        var code = request.Content.Text("code");
        var isSilent = request.Content.Flag("silent", missing: false);
        var isStored = !isSilent && request.Content.Flag("store_history", missing: true);
        if (!isSilent)
        {
            sockets.Publish("execute_input", request, new JsonObject
            {
                ["code"] = code, ["execution_count"] = session.ExecutionCount + 1,
            });
        }
        if (await AssistanceRequests.AnswerAsync(session, code).ConfigureAwait(false) is { } page)
        {
            var answer = Reply("ok", session.ExecutionCount, []);
            answer["payload"] = new JsonArray(page);
            return answer;
        }
        var output = new JupyterOutput(sockets, request, _charts, comms, request.Content.Flag("allow_stdin", missing: true) ? input : null);
        if (!isSilent && Interlocked.Exchange(ref _beforeFirst, null) is { } explanation) output.Write(OutputStream.Error, explanation);
        running?.Begin(session.ExecutionCount + 1, code, request.Header);
        try
        {
            return await RunAsync(request, code, isSilent, isStored, output).ConfigureAwait(false);
        }
        finally
        {
            running?.End();
        }
    }

    /// <summary>Handles a message of a comm.</summary>
    public async Task<JsonObject?> CommAsync(JupyterMessage message)
    {
        if (comms.HandlerOf(message) is not { } handler) return null;
        var output = new JupyterOutput(sockets, message, _charts, comms, input: null);
        var failure = await InterruptiblyAsync(cancellation => session.InvokeAsync(handler, output, cancellation)).ConfigureAwait(false);
        if (failure is not null) output.Error(failure);
        output.Flush();
        return null;
    }

    private async Task<JsonObject?> RunAsync(JupyterMessage request, string code, bool isSilent, bool isStored, JupyterOutput output)
    {
        var result = await InterruptiblyAsync(cancellation => session.RunAsync(code, output, isStored, cancellation)).ConfigureAwait(false);
        if (isStored) History.Add(result.Number, code, (result as CellSucceeded)?.Display?[MimeBundle.PlainText]);
        output.Flush();
        if (result.Error is { } error)
        {
            output.Error(error);
            return Reply("error", result.Number, TracebackColours.ToJson(error));
        }
        if (!isSilent && result is CellSucceeded { Display: { } bundle }) output.Result(bundle, result.Number);
        var reply = Reply("ok", result.Number, []);
        reply["user_expressions"] = await EvaluateAsync(request.Content.Child("user_expressions"), output).ConfigureAwait(false);
        return reply;
    }

    private static JsonObject Reply(string status, int number, JsonObject content)
    {
        content["status"] = status;
        content["execution_count"] = number;
        content["payload"] = new JsonArray();
        content["user_expressions"] = new JsonObject();
        return content;
    }

    private async Task<T> InterruptiblyAsync<T>(Func<CancellationToken, Task<T>> run)
    {
        using var interrupt = new CancellationTokenSource();
        lock (_gate) _running = interrupt;
        try
        {
            return await run(interrupt.Token).ConfigureAwait(false);
        }
        finally
        {
            lock (_gate) _running = null;
        }
    }

    private async Task<JsonObject> EvaluateAsync(JsonObject expressions, JupyterOutput output)
    {
        var values = new JsonObject();
        foreach (var (name, expression) in expressions)
        {
            var code = expression is JsonValue text && text.TryGetValue<string>(out var given) ? given : "";
            var result = await InterruptiblyAsync(cancellation => session.RunAsync(code, output, counts: false, cancellation)).ConfigureAwait(false);
            JsonObject value;
            if (result.Error is { } error)
            {
                value = TracebackColours.ToJson(error);
                value["status"] = "error";
            }
            else
            {
                var bundle = (result as CellSucceeded)?.Display;
                value = new JsonObject { ["status"] = "ok", ["data"] = bundle?.ToJson() ?? [], ["metadata"] = new JsonObject() };
            }
            values[name] = value;
        }
        return values;
    }
}
