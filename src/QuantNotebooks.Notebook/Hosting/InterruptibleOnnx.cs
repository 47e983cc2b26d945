using Microsoft.ML.OnnxRuntime;

namespace QuantNotebooks.Notebook.Hosting;

/// <summary>
/// ONNX Runtime sessions of a notebook's own that the user can interrupt. Native code cannot be stopped from outside: it must be asked to, by the
/// options of the run.
/// </summary>
public static class InterruptibleOnnx
{
    /// <summary>Runs a session as <see cref="InferenceSession.Run(RunOptions, IReadOnlyDictionary{string, OrtValue}, IReadOnlyCollection{string})"/>; an interrupt of the cell stops it.</summary>
    /// <param name="session">The session.</param>
    /// <param name="inputs">Its inputs by name.</param>
    /// <param name="outputs">The outputs that are wanted; null for all.</param>
    /// <returns>The outputs, in that order; the caller disposes of them.</returns>
    /// <exception cref="OperationCanceledException">The cell was interrupted.</exception>
    /// <exception cref="OnnxRuntimeException">The run failed.</exception>
    public static IDisposableReadOnlyCollection<OrtValue> RunInterruptibly(
        this InferenceSession session, IReadOnlyDictionary<string, OrtValue> inputs, IReadOnlyCollection<string>? outputs = null)
    {
        ArgumentNullException.ThrowIfNull(session);
        var cancellation = RunningCell.CancellationToken;
        using var options = new RunOptions();
        using var registration = cancellation.Register(() => options.Terminate = true);
        try
        {
            return session.Run(options, inputs, outputs ?? session.OutputNames);
        }
        catch (OnnxRuntimeException) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
    }
}
