using System.Security.Cryptography;
using System.Text.Json;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Experiments;

/// <summary>
/// Opens what experiments name, and hashes what their results depend on: the network's content with its task and external data, the images, the method's steps
/// and settings, the scheme, the seed, and the version and build of this library and of the steps' code. Names and paths don't count. For one thread at a time.
/// </summary>
/// <param name="cancellation">Stops the reading of a network.</param>
internal sealed class ExperimentKeys(CancellationToken cancellation = default)
{
    private readonly Dictionary<ExperimentNetwork, OpenNetwork> _networks = [];
    private readonly Dictionary<(string Path, int? Count), ImageSet> _sets = [];

    /// <summary>The images of a network of the plan.</summary>
    public OpenNetwork Open(ExperimentNetwork network)
    {
        if (_networks.TryGetValue(network, out var open)) return open;
        var (images, loaded) = (network.Images, Load(network, cancellation));
        return _networks[network] = new OpenNetwork(network, loaded.Sha256, loaded, Set(images.Test, images.TestCount), Set(images.Calibration, images.CalibrationCount), Set(images.Training, images.TrainingCount));
    }

    /// <summary>The hash, in lower-case hexadecimal.</summary>
    /// <exception cref="QuantNotebooksException">The network or a set can't be read.</exception>
    public string Of(Experiment experiment)
    {
        var (network, method) = (Open(experiment.Network), experiment.Method);
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("tool", ToolVersion.Text);
            writer.WriteStartArray("builds");
            foreach (var build in method.Steps.Select(step => step.Run.Method.Module).Append(typeof(ExperimentKeys).Module).Select(module => module.ModuleVersionId).Distinct().Order())
                writer.WriteStringValue(build);
            writer.WriteEndArray();
            writer.WriteString("network", network.Sha256);
            writer.WriteString("test", network.Test.Sha256);
            writer.WriteString("calibration", network.Calibration.Sha256);
            writer.WriteString("training", method.Trains ? network.Training.Sha256 : null);
            writer.WriteString("steps", string.Join('+', method.Steps.Select(step => step.Name)));
            writer.WriteString("epochs", FormattableString.Invariant($"{method.Epochs}"));
            writer.WriteString("learningRate", FormattableString.Invariant($"{method.LearningRate}"));
            writer.WriteString("scheme", experiment.Scheme.ToJson());
            writer.WriteNumber("seed", experiment.Seed);
            writer.WriteEndObject();
        }
        return Convert.ToHexStringLower(SHA256.HashData(stream.GetBuffer().AsSpan(0, (int)stream.Length)));
    }

    private static Network Load(ExperimentNetwork network, CancellationToken cancellation = default) =>
        Network.Load(network.Model, new LoadOptions { KeepDeadChannels = network.KeepsDeadChannels }, cancellation);

    private ImageSet Set(string path, int? count)
    {
        if (_sets.TryGetValue((path, count), out var known)) return known;
        var all = ImageSet.Load(path);
        return _sets[(path, count)] = count is { } some ? all.Take(some) : all;
    }

    /// <summary>A network of the plan and its images. The network itself is held as long as there is memory for it.</summary>
    internal sealed class OpenNetwork(ExperimentNetwork network, string sha256, Network loaded, ImageSet test, ImageSet calibration, ImageSet training)
    {
        private readonly WeakReference<Network> _loaded = new(loaded);

        public string Sha256 => sha256;

        public ImageSet Test => test;

        public ImageSet Calibration => calibration;

        public ImageSet Training => training;

        public Network Network => _loaded.TryGetTarget(out var alive) ? alive : Load(network);
    }
}
