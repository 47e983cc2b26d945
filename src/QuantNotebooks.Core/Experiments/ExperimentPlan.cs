using System.Collections.Immutable;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Experiments;

/// <summary>Many experiments: every network with every method, scheme and seed. Immutable.</summary>
/// <param name="Networks">The networks.</param>
/// <param name="Methods">The methods.</param>
/// <param name="Schemes">The schemes.</param>
/// <param name="Seeds">Seeds of methods that train; other methods have nothing random and are run once.</param>
public sealed record ExperimentPlan(
    ImmutableArray<ExperimentNetwork> Networks, ImmutableArray<ExperimentMethod> Methods, ImmutableArray<QuantizationScheme> Schemes, ImmutableArray<int> Seeds)
{
    /// <summary>The file that it was read from; null for a plan made in code.</summary>
    public string? Path { get; init; }

    /// <summary>All experiments, those of a network side by side.</summary>
    public ImmutableArray<Experiment> Experiments =>
    [
        .. from network in Networks
           from method in Methods
           from scheme in Schemes
           from seed in method.IsRandom ? Seeds : [0]
           select new Experiment(network, method, scheme, seed),
    ];

    /// <summary>The part of the experiments that one of several jobs runs: neighbours, so that jobs share as little of a network's work as can be.</summary>
    /// <param name="part">Which of how many jobs; those beyond the number of experiments get none.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part's number is not one of 1 to its count.</exception>
    public ImmutableArray<Experiment> Part(Shard part)
    {
        var (number, count) = part;
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1, nameof(part));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, count, nameof(part));
        var all = Experiments;
        var (first, next) = ((int)((long)all.Length * (number - 1) / count), (int)((long)all.Length * number / count));
        return all[first..next];
    }

    /// <summary>Reads a plan; paths in it begin at its own folder.</summary>
    /// <param name="path">A JSON file; see the remarks of <see cref="Parse"/>.</param>
    /// <param name="steps">The steps that methods may consist of; <see cref="ExperimentStep.Known"/> where null.</param>
    /// <exception cref="QuantNotebooksException">The file can't be read, or an entry of it is wrong; the message names the entry.</exception>
    public static ExperimentPlan Load(string path, IEnumerable<ExperimentStep>? steps = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            return Parse(File.ReadAllText(path), path, System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!, steps) with { Path = path };
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new QuantNotebooksException($"There is no file '{path}'.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new QuantNotebooksException(Directory.Exists(path) ? $"'{path}' is a folder; a plan of experiments (.json) is wanted." : $"The plan '{path}' can't be read: {error.Message}", error);
        }
    }

    /// <summary>Reads a plan from text.</summary>
    /// <remarks>
    /// <code lang="json">
    /// { "images":   { "test": "test", "testCount": 3000, "calibration": "calibration", "calibrationCount": 256, "training": "calibration", "trainingCount": 1000 },
    ///   "networks": ["a.onnx", { "model": "b.onnx", "name": "b as it is", "keepDeadChannels": true, "images": { "test": "other", "calibration": "images" } }],
    ///   "methods":  ["naive", "iterative", "cross-layer + iterative", { "method": "fine-tune", "epochs": 5, "learningRate": 0.01, "name": "tuned" }],
    ///   "schemes":  [8, "4/8", "4/8:per-channel:mse", "tensorrt", { "weightBits": 4, "activationBits": 8, "symmetricActivations": true }],
    ///   "seeds":    [0, 1] }
    /// </code>
    /// Numbers of images, "training" and "seeds" may be left out.
    /// </remarks>
    /// <param name="json">The text.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <param name="folder">Where relative paths begin.</param>
    /// <param name="steps">The steps that methods may consist of; <see cref="ExperimentStep.Known"/> where null.</param>
    /// <exception cref="QuantNotebooksException">An entry is wrong; the message names it.</exception>
    public static ExperimentPlan Parse(string json, string source, string folder, IEnumerable<ExperimentStep>? steps = null)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(folder);
        return PlanJson.Read(json, $"'{source}'", folder, [.. steps ?? ExperimentStep.Known]);
    }
}
