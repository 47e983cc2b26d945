using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using QuantNotebooks.Correction;
using QuantNotebooks.Export;

namespace QuantNotebooks.Training;

/// <summary>Everything that a training needs to go on: the epochs so far, the optimizer, the best values. Can be written to a file.</summary>
internal sealed class TrainingState
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerOptions.Web) { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private readonly float[][] _best;

    private TrainingState(Adam optimizer, float[][] best)
    {
        Optimizer = optimizer;
        _best = best;
    }

    public Adam Optimizer { get; }

    public List<TrainingEpoch> Epochs { get; } = [];

    /// <summary>The epoch with the smallest held-out loss.</summary>
    public int Best { get; private set; }

    public static TrainingState Initial(TrainedParameters parameters) => new(
        new Adam(parameters.All.Select(parameter => parameter.Latent.Length)), [.. parameters.All.Select(parameter => parameter.Latent.ToArray())]);

    /// <summary>Adds an epoch, and keeps the values if its held-out loss is the smallest.</summary>
    public void Add(TrainingEpoch epoch, TrainedParameters parameters)
    {
        Epochs.Add(epoch);
        if (epoch.Epoch > 0 && !(epoch.HeldOutLoss < Epochs[Best].HeldOutLoss)) return;
        Best = epoch.Epoch;
        foreach (var (index, parameter) in parameters.All.Index()) parameter.Latent.CopyTo(_best[index], 0);
    }

    public void RestoreBest(TrainedParameters parameters)
    {
        foreach (var (index, parameter) in parameters.All.Index()) _best[index].CopyTo(parameter.Latent, 0);
        parameters.Quantize();
    }

    /// <summary>Writes the state under a temporary name and renames it, so that an interrupt leaves the one before.</summary>
    /// <exception cref="QuantNotebooksException">The file can't be written.</exception>
    public void Save(string file, string key, TrainedParameters parameters)
    {
        var stored = new Stored(
            key, [.. Epochs], Best, Optimizer.Steps, [.. parameters.All.Select(parameter => Bytes(parameter.Latent))],
            [.. _best.Select(Bytes)], [.. Optimizer.First.Select(Bytes)], [.. Optimizer.Second.Select(Bytes)]);
        ReportFile.Write(file, JsonSerializer.SerializeToUtf8Bytes(stored, Json));
    }

    /// <summary>Reads a state and puts its values into the trained tensors.</summary>
    /// <exception cref="QuantNotebooksException">The file can't be read, is damaged, or is of another training.</exception>
    public static TrainingState Load(string file, string key, TrainedParameters parameters)
    {
        Stored? stored;
        try
        {
            stored = JsonSerializer.Deserialize<Stored>(File.ReadAllBytes(file), Json);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new QuantNotebooksException($"The checkpoint '{file}' can't be read: {error.Message}", error);
        }
        catch (JsonException error)
        {
            throw new QuantNotebooksException($"'{file}' is no checkpoint, or it is damaged: delete it to begin anew, or give another name.", error);
        }
        var lengths = parameters.All.Select(parameter => parameter.Latent.Length * sizeof(float)).ToArray();
        if (stored is null || stored.Key != key)
            throw new QuantNotebooksException($"The checkpoint '{file}' is of another training (network, images, scheme or options differ): give another file, or delete it to begin anew.");
        if (new[] { stored.Latent, stored.BestLatent, stored.First, stored.Second }.Any(arrays => !arrays.Select(bytes => bytes.Length).SequenceEqual(lengths))
            || stored.Epochs.Length == 0 || stored.Best < 0 || stored.Best >= stored.Epochs.Length)
            throw new QuantNotebooksException($"The checkpoint '{file}' is damaged: delete it to begin anew.");
        var state = Initial(parameters);
        state.Epochs.AddRange(stored.Epochs);
        state.Best = stored.Best;
        state.Optimizer.Steps = stored.Steps;
        for (var index = 0; index < lengths.Length; index++)
        {
            Copy(stored.Latent[index], parameters.All[index].Latent);
            Copy(stored.BestLatent[index], state._best[index]);
            Copy(stored.First[index], state.Optimizer.First[index]);
            Copy(stored.Second[index], state.Optimizer.Second[index]);
        }
        parameters.Quantize();
        return state;
    }

    private static byte[] Bytes(float[] values) => MemoryMarshal.AsBytes<float>(values).ToArray();

    private static void Copy(byte[] from, float[] to) => MemoryMarshal.Cast<byte, float>(from).CopyTo(to);

    private sealed record Stored(
        string Key, TrainingEpoch[] Epochs, int Best, int Steps, byte[][] Latent, byte[][] BestLatent, byte[][] First, byte[][] Second);
}
