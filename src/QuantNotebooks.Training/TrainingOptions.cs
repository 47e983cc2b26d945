using static System.FormattableString;

namespace QuantNotebooks.Training;

/// <summary>What the quantized network learns to reproduce.</summary>
public enum TrainingTarget
{
    /// <summary>
    /// The full-precision network's output, without labels: cross entropy of softmax outputs where the network decides between classes (the KL
    /// divergence but for a constant), squared error relative to the output's power elsewhere.
    /// </summary>
    Output,

    /// <summary>The full-precision network's output after every layer: squared error relative to each layer's power.</summary>
    LayerOutputs,

    /// <summary>The images' labels: cross entropy.</summary>
    Labels,
}

/// <summary>Where training starts.</summary>
public enum TrainingStart
{
    /// <summary>The network as it is.</summary>
    Network,

    /// <summary>Its iterative bias correction on the same images.</summary>
    IterativeCorrection,
}

/// <summary>How to train. Immutable.</summary>
public sealed record TrainingOptions
{
    /// <summary>For bias fine-tuning.</summary>
    public static TrainingOptions Biases { get; } = new();

    /// <summary>For quantization-aware training of all weights and biases: smaller steps, more of them.</summary>
    public static TrainingOptions QuantizationAware { get; } = new() { Epochs = 60, LearningRate = 1e-3 };

    /// <summary>Passes over the images, at least 1.</summary>
    /// <exception cref="QuantNotebooksException">The number is smaller.</exception>
    public int Epochs { get; init => field = AtLeastOne(value, "epochs"); } = 30;

    /// <summary>Images in a step, at least 1; fewer where there are fewer images.</summary>
    /// <exception cref="QuantNotebooksException">The number is smaller.</exception>
    public int BatchSize { get; init => field = AtLeastOne(value, "batch size"); } = 32;

    /// <summary>
    /// Adam's learning rate at the start; it falls to zero along half a cosine. It counts in units of what is trained: a bias's in the standard deviation
    /// of its channel before the activation, a layer's weights in their root mean square. So equalization, which scales channels, does not change it.
    /// </summary>
    /// <exception cref="QuantNotebooksException">It is not above 0 or not finite.</exception>
    public double LearningRate
    {
        get;
        init => field = value > 0 && double.IsFinite(value) ? value : throw new QuantNotebooksException(Invariant($"The learning rate must be a number above 0, not {value}."));
    } = 0.02;

    /// <summary>Ends training when the held-out loss has not fallen for that many epochs, at least 1.</summary>
    /// <exception cref="QuantNotebooksException">The number is smaller.</exception>
    public int Patience { get; init => field = AtLeastOne(value, "patience"); } = 8;

    /// <summary>Seed of the order of the images: the same seed, images and number of threads give the same result.</summary>
    public int Seed { get; init; }

    /// <summary>What to reproduce.</summary>
    public TrainingTarget Target { get; init; } = TrainingTarget.Output;

    /// <summary>Where to start.</summary>
    public TrainingStart Start { get; init; } = TrainingStart.IterativeCorrection;

    /// <summary>
    /// A file that the state is written to after every epoch, and that training resumes from if it is there and is of the same training;
    /// null to keep none.
    /// </summary>
    public string? Checkpoint { get; init; }

    private static int AtLeastOne(int value, string what) => value >= 1
        ? value
        : throw new QuantNotebooksException(Invariant($"The {what} must be at least 1, not {value}."));
}
