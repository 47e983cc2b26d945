namespace QuantNotebooks.Images;

/// <summary>How a network's output is read: one of <see cref="ClassificationTask"/>, <see cref="CtcTask"/>, <see cref="NoTask"/>.</summary>
public abstract record NetworkTask
{
    private protected NetworkTask()
    {
    }
}

/// <summary>The output is one score a class, [N, classes]; the largest wins.</summary>
/// <param name="Labels">The name of each class, in the output's order; at least one, not necessarily different.</param>
public sealed record ClassificationTask(ValueList<string> Labels) : NetworkTask;

/// <summary>The output is one score a character and time step, [N, T, characters], read by connectionist temporal classification.</summary>
/// <param name="Characters">The text of each class without the blank and the last space, in their order; at least one.</param>
/// <param name="Blank">The class that stands for no character, at least 0.</param>
/// <param name="LastIsSpace">Whether one more class, the last, is a space.</param>
public sealed record CtcTask(ValueList<string> Characters, int Blank, bool LastIsSpace) : NetworkTask;

/// <summary>Nothing is known of the output: networks are compared with the float network only.</summary>
public sealed record NoTask : NetworkTask;
