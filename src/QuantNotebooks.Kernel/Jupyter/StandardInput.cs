using System.Text.Json.Nodes;

namespace QuantNotebooks.Kernel.Jupyter;

/// <summary>Asks the user on the stdin socket, one question at a time. Thread safe.</summary>
/// <param name="sockets">Where to ask.</param>
internal sealed class StandardInput(KernelSockets sockets)
{
    private readonly Lock _asking = new();
    private readonly Lock _gate = new();
    private TaskCompletionSource<string>? _answer;

    /// <summary>Asks, and waits for the answer.</summary>
    /// <param name="request">The request that runs the cell: its client is asked.</param>
    /// <param name="prompt">The question.</param>
    /// <param name="isSecret">Whether the answer must not be seen.</param>
    /// <param name="cancellation">The interrupt.</param>
    /// <exception cref="OperationCanceledException">The cell was interrupted.</exception>
    public string ReadLine(JupyterMessage request, string prompt, bool isSecret, CancellationToken cancellation)
    {
        lock (_asking)
        {
            var answer = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_gate) _answer = answer;
            sockets.Ask(request, "input_request", new JsonObject { ["prompt"] = prompt, ["password"] = isSecret });
            using var registration = cancellation.UnsafeRegister(waiting => ((TaskCompletionSource<string>)waiting!).TrySetCanceled(), answer);
            return answer.Task.GetAwaiter().GetResult();
        }
    }

    /// <summary>Takes the client's answer. One to no question is dropped.</summary>
    public void Receive(JupyterMessage reply)
    {
        lock (_gate)
        {
            _answer?.TrySetResult(reply.Content.Text("value"));
            _answer = null;
        }
    }
}
