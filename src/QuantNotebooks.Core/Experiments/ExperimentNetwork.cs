namespace QuantNotebooks.Experiments;

/// <summary>A network of a plan, and the images that it is calibrated and tested on. Immutable.</summary>
/// <param name="Name">What tables call it.</param>
/// <param name="Model">Path of the ONNX file.</param>
/// <param name="Images">The images.</param>
/// <param name="KeepsDeadChannels">Whether channels with a constant output stay as they are in the file.</param>
public sealed record ExperimentNetwork(string Name, string Model, ExperimentImages Images, bool KeepsDeadChannels = false);

/// <summary>The images of an experiment; each set is a path as <see cref="QuantNotebooks.Images.ImageSet.Load"/> takes it. Immutable.</summary>
/// <param name="Test">What accuracy is measured on.</param>
/// <param name="Calibration">What ranges and corrections are found on; no labels needed.</param>
public sealed record ExperimentImages(string Test, string Calibration)
{
    /// <summary>Only the first so many test images; null for all.</summary>
    public int? TestCount { get; init; }

    /// <summary>Only the first so many calibration images.</summary>
    public int CalibrationCount { get; init; } = 256;

    /// <summary>What methods that train see.</summary>
    public string Training { get; init; } = Calibration;

    /// <summary>Only the first so many training images.</summary>
    public int TrainingCount { get; init; } = 1000;
}
