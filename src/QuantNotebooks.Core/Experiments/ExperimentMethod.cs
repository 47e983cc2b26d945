using System.Collections.Immutable;

namespace QuantNotebooks.Experiments;

/// <summary>How a network is prepared before it is quantized: steps, one after the other. Immutable.</summary>
/// <param name="Name">What tables call it.</param>
/// <param name="Steps">The steps in order; none for the network as it is.</param>
public sealed record ExperimentMethod(string Name, ImmutableArray<ExperimentStep> Steps)
{
    /// <summary>The name of a method without steps.</summary>
    public const string Naive = "naive";

    /// <summary>Passes of a training over its images; null for the training's own default.</summary>
    public int? Epochs { get; init; }

    /// <summary>Learning rate of a training; null for the training's own default.</summary>
    public double? LearningRate { get; init; }

    /// <summary>Whether a step of it trains.</summary>
    public bool Trains => Steps.Any(step => step.Trains);

    /// <summary>Whether its outcome depends on a seed.</summary>
    public bool IsRandom => Steps.Any(step => step.IsRandom);

    /// <summary>Reads steps with plus signs between them, such as "cross-layer + iterative", or "naive".</summary>
    /// <param name="text">The text.</param>
    /// <param name="known">The steps that there are.</param>
    /// <exception cref="QuantNotebooksException">A step is unknown, or stands where it can't.</exception>
    public static ExperimentMethod Parse(string text, IEnumerable<ExperimentStep> known)
    {
        ArgumentNullException.ThrowIfNull(text);
        var all = known.ToArray();
        var words = text.Split('+', StringSplitOptions.TrimEntries);
        if (words is [Naive]) return new ExperimentMethod(Naive, []);
        var steps = words.Select(word => Array.Find(all, step => step.Name == word) ?? throw Unknown(word)).ToImmutableArray();
        for (var index = 1; index < steps.Length; index++)
            if (steps[index - 1].DependsOnScheme && !steps[index].DependsOnScheme)
                throw new QuantNotebooksException($"has '{steps[index].Name}' behind '{steps[index - 1].Name}', whose work it would undo; put it before");
        return new ExperimentMethod(string.Join(" + ", steps.Select(step => step.Name)), steps);

        QuantNotebooksException Unknown(string word)
        {
            string[] names = [Naive, .. all.Select(step => step.Name)];
            return new QuantNotebooksException($"names '{word}', which is no method{Spelling.DidYouMean(word, names)} Known are {string.Join(", ", names)}, and several with '+' between them");
        }
    }
}
