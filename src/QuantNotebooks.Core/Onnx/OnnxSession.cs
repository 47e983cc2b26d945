using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Onnx;

/// <summary>How ONNX Runtime is to run a model.</summary>
/// <param name="Threads">Threads inside an operator; 0 for one a core.</param>
/// <param name="Unoptimized">Whether ONNX Runtime must run every node as it stands, without fusing or re-arranging any.</param>
internal readonly record struct SessionSettings(int Threads, bool Unoptimized)
{
    /// <summary>Whether 8-bit kernels must add in 32 bits: on x64 processors without VNNI instructions the faster ones saturate.</summary>
    public bool PreciseIntegers { get; init; }
}

/// <summary>A model in ONNX Runtime. Safe to call from several threads; its errors are <see cref="QuantNotebooksException"/>s.</summary>
internal sealed partial class OnnxSession : IDisposable
{
    /// <summary>Whether sessions may share one arena: a sweep has hundreds of them, and each one's own would keep its largest layer for good.</summary>
    private static readonly bool SharesArena = RegisterArena();

    private readonly InferenceSession _session;
    private readonly string _source;

    private OnnxSession(InferenceSession session, string source)
    {
        _session = session;
        _source = source;
    }

    public IReadOnlyList<string> InputNames => _session.InputNames;

    public IReadOnlyList<string> OutputNames => _session.OutputNames;

    /// <summary>What the model takes.</summary>
    public IReadOnlyDictionary<string, NodeMetadata> Inputs => _session.InputMetadata;

    /// <summary>What the model gives.</summary>
    public IReadOnlyDictionary<string, NodeMetadata> Outputs => _session.OutputMetadata;

    /// <inheritdoc cref="Create(byte[], string, SessionSettings, CancellationToken)"/>
    public static OnnxSession Create(ModelProto model, string source, SessionSettings settings = default, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        return Create(model.ToByteArray(), source, settings, cancellation);
    }

    /// <param name="bytes">The serialized model.</param>
    /// <param name="source">What to call the model in an error.</param>
    /// <param name="settings">Threads and optimizations.</param>
    /// <param name="cancellation">Stops ONNX Runtime between the steps of its preparation.</param>
    /// <exception cref="QuantNotebooksException">ONNX Runtime refuses the model.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static OnnxSession Create(byte[] bytes, string source, SessionSettings settings = default, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        using var options = new SessionOptions
        {
            // Said outright: left to itself ONNX Runtime pins its threads to cores, which hurts whoever shares them.
            IntraOpNumThreads = settings.Threads > 0 ? settings.Threads : Environment.ProcessorCount,
            InterOpNumThreads = 1,
            GraphOptimizationLevel = settings.Unoptimized ? GraphOptimizationLevel.ORT_DISABLE_ALL : GraphOptimizationLevel.ORT_ENABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
        };
        // Between two runs the statistics need the cores: ONNX Runtime's threads must not spin while they wait.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        if (settings.PreciseIntegers) options.AddSessionConfigEntry("session.x64quantprecision", "1");
        if (SharesArena) options.AddSessionConfigEntry("session.use_env_allocators", "1");
        using var registration = cancellation.UnsafeRegister(static options => ((SessionOptions)options!).SetLoadCancellationFlag(true), options);
        try
        {
            return new OnnxSession(new InferenceSession(bytes, options), source);
        }
        catch (OnnxRuntimeException error)
        {
            cancellation.ThrowIfCancellationRequested();
            throw Failed($"ONNX Runtime refuses '{source}'", error);
        }
    }

    /// <summary>The shape of every float32 output as far as it is known without a run: -1 for an unknown length, with its symbol where it has one.</summary>
    public IEnumerable<(string Name, int[] Dimensions, string[] Symbols)> FloatShapes() =>
        from output in _session.OutputMetadata
        where output.Value.IsTensor && output.Value.ElementDataType == TensorElementType.Float
        select (output.Key, output.Value.Dimensions, output.Value.SymbolicDimensions);

    /// <summary>Runs the model; outputs are allocated by ONNX Runtime and belong to the caller.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; a run under way is stopped.</exception>
    public IReadOnlyList<OrtValue> Run(IReadOnlyCollection<OrtValue> inputs, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        using var options = new RunOptions();
        using var registration = cancellation.Register(() => options.Terminate = true);
        try
        {
            return [.. _session.Run(options, _session.InputNames, inputs, _session.OutputNames)];
        }
        catch (OnnxRuntimeException error)
        {
            cancellation.ThrowIfCancellationRequested();
            throw Failed($"ONNX Runtime can't run '{_source}'", error);
        }
    }

    /// <summary>Runs the model into memory that the caller provides, one value an output in the order of <see cref="OutputNames"/>.</summary>
    /// <inheritdoc cref="Run(IReadOnlyCollection{OrtValue}, CancellationToken)"/>
    public void Run(IReadOnlyCollection<OrtValue> inputs, IReadOnlyCollection<OrtValue> outputs, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        using var options = new RunOptions();
        using var registration = cancellation.Register(() => options.Terminate = true);
        try
        {
            _session.Run(options, _session.InputNames, inputs, _session.OutputNames, outputs);
        }
        catch (OnnxRuntimeException error)
        {
            cancellation.ThrowIfCancellationRequested();
            throw Failed($"ONNX Runtime can't run '{_source}'", error);
        }
    }

    public void Dispose() => _session.Dispose();

    private static bool RegisterArena()
    {
        const int sameAsRequested = 1;
        try
        {
            using var memory = new OrtMemoryInfo(OrtMemoryInfo.allocatorCPU, OrtAllocatorType.ArenaAllocator, 0, OrtMemType.Default);
            using var arena = new OrtArenaCfg(0, sameAsRequested, -1, -1);
            OrtEnv.Instance().CreateAndRegisterAllocator(memory, arena);
            return true;
        }
        catch (OnnxRuntimeException)
        {
            // Another user of ONNX Runtime in this process was first; sessions then keep arenas of their own.
            return false;
        }
    }

    private static QuantNotebooksException Failed(string what, OnnxRuntimeException error)
    {
        var reason = error.Message.ReplaceLineEndings(" ");
        var status = reason.IndexOf("] ", StringComparison.Ordinal);
        var said = PlaceInSource().Replace(status < 0 ? reason : reason[(status + 2)..], "");
        var newer = TooNew().Match(said);
        if (newer.Success)
        {
            var kind = newer.Groups["kind"].Value == "Opset" ? "operator set" : "version of the ONNX format";
            said = $"its {kind} is {newer.Groups["own"].Value}, and ONNX Runtime reads those up to {newer.Groups["most"].Value}; export it with an older one.";
        }
        return new QuantNotebooksException($"{what}: {said.Trim()}", error);
    }

    [GeneratedRegex(@"(?<kind>Opset|IR version:) (?<own>\d+)\b.*(till opset|max supported IR version:) (?<most>\d+)")]
    private static partial Regex TooNew();

    /// <summary>The file, line and function of ONNX Runtime's own source that some of its messages begin with: up to the parenthesis before a capital letter.</summary>
    [GeneratedRegex(@"^\s*/\S+\.(cc|h):\d+ .*?\)\s+(?=[A-Z])")]
    private static partial Regex PlaceInSource();
}
