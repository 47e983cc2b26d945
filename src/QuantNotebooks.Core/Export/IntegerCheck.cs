using System.Collections.Immutable;
using QuantNotebooks.Images;

namespace QuantNotebooks.Export;

/// <summary>How far ONNX Runtime, with the exported file, and the simulation agree on a set of images. Immutable.</summary>
/// <param name="SameAnswer">Share of images to which both give the same answer (class, or line of text), 0 to 1; null where nothing says what the output means.</param>
/// <param name="WithinTwoSteps">Share of the output's values that differ by two output steps or less, 0 to 1.</param>
/// <param name="LargestInSteps">The largest difference of a value, in output steps.</param>
public sealed record IntegerAgreement(double? SameAnswer, double WithinTwoSteps, double LargestInSteps)
{
    // Two steps, and what float32 rounds.
    internal const double TwoSteps = 2.001;
}

/// <summary>An exported file in ONNX Runtime beside the simulation of the same scheme, and why they differ where they do. Immutable.</summary>
/// <param name="Images">The images.</param>
/// <param name="Step">
/// One output step, in the output's unit: that of its grid, or, where the output is on none (a softmax), 1/255 of its largest value in the first batch.
/// </param>
/// <param name="AsItRuns">With ONNX Runtime's default kernels on this machine.</param>
/// <param name="WithoutSaturation">With kernels that add in 32 bits on every processor (session option <c>session.x64quantprecision</c> = 1).</param>
public sealed record IntegerCheck(ImageSet Images, double Step, IntegerAgreement AsItRuns, IntegerAgreement WithoutSaturation)
{
    /// <summary>The goal: the same answer to 99.5 % of the images, and no value of the output off by more than two steps.</summary>
    public bool Agrees => Holds(AsItRuns);

    /// <summary>What the figures say, a sentence each: first the verdict, then the reason for each kind of difference and what helps.</summary>
    public ImmutableArray<string> Explanation
    {
        get
        {
            var sentences = ImmutableArray.CreateBuilder<string>();
            var answers = AsItRuns.SameAnswer is { } same ? FormattableString.Invariant($"the same answer to {100 * same:0.##} % of {Images.Count} images, ") : "";
            sentences.Add(FormattableString.Invariant(
                $"ONNX Runtime, with this file, and the simulation give {answers}{100 * AsItRuns.WithinTwoSteps:0.###} % of the output's values within two steps, the largest difference {Steps(AsItRuns)}."));
            if (Saturates)
                sentences.Add(FormattableString.Invariant(
                    $"Kernels saturate on this machine: without, the largest difference is {Steps(WithoutSaturation)}{SameWithout}. Write 7-bit weights (reduce-range), or set the session option session.x64quantprecision = 1."));
            if (!Holds(WithoutSaturation))
                sentences.Add(
                    (Saturates ? "The rest" : "The difference") + " is rounding: where a value lies between two integers the engine's arithmetic can fall on the other side, by one step, and a "
                    + "step in an early layer grows on its way through the network.");
            return sentences.ToImmutable();
        }
    }

    private bool Saturates => AsItRuns.LargestInSteps > WithoutSaturation.LargestInSteps + 1 || AsItRuns.WithinTwoSteps < WithoutSaturation.WithinTwoSteps - 0.001;

    private string SameWithout => WithoutSaturation.SameAnswer is { } same ? FormattableString.Invariant($" and the same answer is given to {100 * same:0.##} %") : "";

    private static string Steps(IntegerAgreement agreement) =>
        FormattableString.Invariant($"{agreement.LargestInSteps:0.#}") is var number && number == "1" ? "1 step" : number + " steps";

    private static bool Holds(IntegerAgreement agreement) => agreement.SameAnswer is not < 0.995 && agreement.LargestInSteps < IntegerAgreement.TwoSteps;
}
