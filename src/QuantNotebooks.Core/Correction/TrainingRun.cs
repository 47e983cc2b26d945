using System.Collections.Immutable;

namespace QuantNotebooks.Correction;

/// <summary>Why training ended.</summary>
public enum TrainingEnd
{
    /// <summary>All epochs are done.</summary>
    Completed,

    /// <summary>The loss on the images set aside no longer fell.</summary>
    EarlyStop,

    /// <summary>The loss grew beyond bounds or was no number.</summary>
    Diverged,

    /// <summary>It was interrupted.</summary>
    Interrupted,
}

/// <summary>One pass over the training images.</summary>
/// <param name="Epoch">Its number, from 1; 0 is the state before training.</param>
/// <param name="Loss">Mean loss over the training images while they trained; NaN for epoch 0.</param>
/// <param name="HeldOutLoss">Loss on the images set aside, after the epoch.</param>
/// <param name="HeldOutAgreement">Share of their decisions, 0 to 1, that are as the target has them; null where the network decides nothing.</param>
/// <param name="Seconds">Time since the start of training.</param>
public readonly record struct TrainingEpoch(int Epoch, double Loss, double HeldOutLoss, double? HeldOutAgreement, double Seconds);

/// <summary>How a training went. The result of training is the state after its best epoch, the one with the smallest held-out loss.</summary>
/// <param name="Epochs">Every epoch in order, the state before training first.</param>
/// <param name="Best">Number of the best epoch.</param>
/// <param name="End">Why it ended.</param>
/// <param name="Images">Number of images that trained.</param>
/// <param name="HeldOutImages">Number of images set aside to choose the best epoch.</param>
public sealed record TrainingRun(ImmutableArray<TrainingEpoch> Epochs, int Best, TrainingEnd End, int Images, int HeldOutImages)
{
    /// <summary>Time in all.</summary>
    public double Seconds => Epochs[^1].Seconds;
}
