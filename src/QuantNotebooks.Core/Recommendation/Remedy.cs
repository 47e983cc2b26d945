namespace QuantNotebooks.Recommendation;

/// <summary>What can be done about a layer's noise, from what costs an engine nothing to what costs it most.</summary>
public enum Remedy
{
    /// <summary>Nothing: the layer's noise is a small part of the output's.</summary>
    Keep,

    /// <summary>Take its dead channels out of the grid that they share with others.</summary>
    DropDeadChannels,

    /// <summary>Give its channels more equal ranges (cross-layer equalization, then two-step); the function stays.</summary>
    Equalize,

    /// <summary>Take the mean shift back by a constant a channel (iterative bias correction).</summary>
    Correct,

    /// <summary>One scale for each output channel of the weights.</summary>
    PerChannel,

    /// <summary>More bits for its weights and its output.</summary>
    MoreBits,

    /// <summary>Leave its weights and its output in floating point.</summary>
    LeaveFloat,
}

/// <summary>The remedies' names in reports.</summary>
public static class Remedies
{
    /// <summary>For example "per channel".</summary>
    public static string Text(this Remedy remedy) => remedy switch
    {
        Remedy.Keep => "keep",
        Remedy.DropDeadChannels => "drop dead channels",
        Remedy.Equalize => "equalize",
        Remedy.Correct => "correct",
        Remedy.PerChannel => "per channel",
        Remedy.MoreBits => "more bits",
        Remedy.LeaveFloat => "leave float",
        _ => throw new ArgumentOutOfRangeException(nameof(remedy)),
    };
}
