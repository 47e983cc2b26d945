using System.Globalization;
using QuantNotebooks.Correction;
using QuantNotebooks.Export;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Training;

namespace QuantNotebooks.Notebook.Commands;

/// <summary><c>correct MODEL --images SET [--method M] [--held-out N] [--out FILE]</c>: bias correction.</summary>
internal static class CorrectCommand
{
    /// <summary>What fine-tuning takes where --count does not say: paper A's "few unlabelled images".</summary>
    private const int FineTuningImages = 1000;

    private const int LinesToRead = 32;

    private static readonly CommandOption<BiasCorrectionMethod> Method = new(ParseMethod)
    {
        Name = "--method", ValueName = "iterative|analytic|fine-tune",
        Help = "How the corrections are found: layer by layer on images, from batch normalization alone, or by training the biases.", DefaultText = "iterative",
        Default = BiasCorrectionMethod.Iterative, Rule = "'iterative', 'analytic' or 'fine-tune'",
    };

    private static readonly CommandOption<double> Significance = new(ParseNumber)
    {
        Name = "--significance", ValueName = "Z", Help = "iterative: correct only channels whose shift is larger than Z standard errors.", DefaultText = "0",
        Rule = "a number of at least 0",
    };

    private static readonly CommandOption<bool> Shrink =
        CommonOptions.Flag("--shrink", "iterative: shrink each correction by the part of the shift that is chance.");

    private static readonly CommandOption<int> SetAside =
        CommonOptions.Number("--set-aside", "iterative: the last N images only check, and a layer whose error on them would grow is left alone.", null);

    private static readonly CommandOption<int> Epochs = CommonOptions.Number("--epochs", "fine-tune: passes over the images, at most.", "30");

    private static readonly CommandOption<double> LearningRate = new(ParseAboveZero)
    {
        Name = "--learning-rate", ValueName = "X", Help = "fine-tune: Adam's learning rate at the start, in standard deviations of a bias's channel.", DefaultText = "0.02",
        Default = TrainingOptions.Biases.LearningRate, Rule = "a number above 0",
    };

    private static readonly CommandOption<TrainingTarget> Target = new(ParseTarget)
    {
        Name = "--target", ValueName = "output|layers|labels", Help = "fine-tune: what to reproduce, the full-precision network's output or every layer's, or labels.",
        DefaultText = "output", Rule = "'output', 'layers' or 'labels'",
    };

    private static readonly CommandOption<TrainingStart> Start = new(ParseStart)
    {
        Name = "--start", ValueName = "iterative|network", Help = "fine-tune: start from the iterative correction, or from the network as it is.",
        DefaultText = "iterative", Default = TrainingStart.IterativeCorrection, Rule = "'iterative' or 'network'",
    };

    private static readonly CommandOption<int> Seed = new(ParseSeed)
    {
        Name = "--seed", ValueName = "N", Help = "fine-tune: seed of the order of the images.", DefaultText = "0", Rule = "a whole number of at least 0",
    };

    private static readonly CommandOption<string> Checkpoint =
        CommonOptions.Text("--checkpoint", "FILE", "fine-tune: keep the state there after every epoch, and resume from it.");

    private static readonly CommandOption<LayerPoint> At = new(ParsePoint)
    {
        Name = "--at", ValueName = "before|after", Help = "iterative: make the shift vanish before the layer's activation, or after it.", DefaultText = "before",
        Rule = "'before' or 'after'",
    };

    private static readonly CommandOption[] OfIterative = [At, Significance, Shrink, SetAside];

    private static readonly CommandOption[] OfFineTuning = [Epochs, LearningRate, Target, Start, Seed, Checkpoint];

    private static readonly CommandOption<string> Out =
        CommonOptions.Text("--out", "FILE", "Write the corrected network, with its calibrated ranges, as an ONNX file.");

    public static CommandDefinition Definition { get; } = CommandDefinition.Create(
        "correct", "Correct the biases, so that the mean activation shift goes away.", CommonOptions.Model,
        "data/models/mobilenet-v1-fashion.onnx --images data/fashion-mnist/calibration --count 64 --held-out 64 --out corrected.onnx",
        [
            CommonOptions.Images, CommonOptions.Count, CommonOptions.SkipBroken, Method, CommonOptions.HeldOut, Out, .. OfIterative, .. OfFineTuning,
            .. CommonOptions.Scheme, CommonOptions.KeepDeadChannels, CommonOptions.Memory,
        ],
        Run, (CorrectionResult result) => result.ToJson(), Conflict, IsPart);

    private static bool IsPart(CorrectionResult result) => result.StoppedAfter is not null || result.Training?.End == TrainingEnd.Interrupted;

    private static CorrectionResult Run(CommandInputs inputs)
    {
        var target = inputs.Arguments.Get(Out);
        if (target is not null) inputs.RequireNewFile(Out, target);
        var network = inputs.Network();
        var (calibration, heldOut) = inputs.ImagesAndHeldOut();
        inputs.WarnOfOtherScheme(network, inputs.Scheme);
        if (network.Ranges is not null) inputs.Host.Note($"'{network.Name}' carries its own calibrated ranges; they are kept.");
        var result = WithOutcome(inputs, Correct(inputs, network, calibration, heldOut));
        foreach (var warning in result.Warnings) inputs.Host.Note($"warning: {warning}");
        if (result.Training is { } training) inputs.Host.Note(Ended(training));
        if (target is null) return result;
        // An interrupted training keeps the best so far; any other interrupt comes before there is a whole result.
        if (!IsPart(result)) inputs.Host.Cancellation.ThrowIfCancellationRequested();
        inputs.Save(Out, result.Network, isWhole: result.StoppedAfter is null);
        return result;
    }

    /// <summary>Held-out images show what became of the answers; for a network that reads lines some calibration images do where there are no others.</summary>
    private static CorrectionResult WithOutcome(CommandInputs inputs, CorrectionResult result)
    {
        if (inputs.Host.Cancellation.IsCancellationRequested || result.Network.Task?.Task is null or NoTask) return result;
        var images = result.HeldOut ?? (result.Network.Task.Task is CtcTask ? result.Images.Take(Math.Min(LinesToRead, result.Images.Count)) : null);
        return images is null ? result : CorrectionOutcome.With(result, images, inputs.Progress("answers"), inputs.Host.Cancellation);
    }

    private static CorrectionResult Correct(CommandInputs inputs, Network network, ImageSet images, ImageSet? heldOut)
    {
        var (arguments, progress, cancellation) = (inputs.Arguments, inputs.Progress("correct"), inputs.Host.Cancellation);
        switch (arguments.Get(Method))
        {
            case BiasCorrectionMethod.Analytic:
                return network.CorrectBiasAnalytically(images, inputs.Scheme, heldOut, progress, cancellation);
            case BiasCorrectionMethod.FineTune:
                if (!arguments.IsGiven(CommonOptions.Count)) images = images.Take(FineTuningImages);
                return network.FineTuneBiases(images, inputs.Scheme, Training(arguments), heldOut, progress, cancellation);
            default:
                var options = new IterativeOptions { Point = arguments.Get(At), Significance = arguments.Get(Significance), Shrink = arguments.Get(Shrink), SetAside = arguments.Get(SetAside), KeepDone = true, Memory = arguments.Get(CommonOptions.Memory) };
                return network.CorrectBias(images, inputs.Scheme, options, heldOut, progress, cancellation);
        }
    }

    private static TrainingOptions Training(CommandArguments arguments)
    {
        var options = TrainingOptions.Biases with
        {
            LearningRate = arguments.Get(LearningRate),
            Target = arguments.Get(Target),
            Start = arguments.Get(Start),
            Seed = arguments.Get(Seed),
            Checkpoint = arguments.Get(Checkpoint),
        };
        return arguments.IsGiven(Epochs) ? options with { Epochs = arguments.Get(Epochs) } : options;
    }

    private static string Ended(TrainingRun training)
    {
        var why = training.End switch
        {
            TrainingEnd.Completed => "all epochs are done",
            TrainingEnd.EarlyStop => "the held-out loss no longer fell",
            TrainingEnd.Diverged => "the loss diverged: a smaller --learning-rate may help",
            _ => "interrupted",
        };
        var (first, best) = (training.Epochs[0], training.Epochs[training.Best]);
        return string.Create(CultureInfo.InvariantCulture,
            $"trained {training.Epochs.Length - 1} epochs on {training.Images} images in {training.Seconds:F1} s ({why}); kept epoch {training.Best}: loss on {training.HeldOutImages} images set aside {first.HeldOutLoss:G4} to {best.HeldOutLoss:G4}");
    }

    private static string? Conflict(CommandArguments arguments)
    {
        var method = arguments.Get(Method);
        var foreign = (method == BiasCorrectionMethod.Iterative ? [] : OfIterative).Concat(method == BiasCorrectionMethod.FineTune ? [] : OfFineTuning);
        return foreign.FirstOrDefault(arguments.IsGiven) is { } option ? $"{option.Name} says nothing to this method: it is for {Method.Name} {option.Help.Split(':')[0]}." : null;
    }

    private static bool ParseMethod(string text, out BiasCorrectionMethod value)
    {
        value = text switch { "analytic" => BiasCorrectionMethod.Analytic, "fine-tune" => BiasCorrectionMethod.FineTune, _ => BiasCorrectionMethod.Iterative };
        return text is "iterative" or "analytic" or "fine-tune";
    }

    private static bool ParsePoint(string text, out LayerPoint value)
    {
        value = text == "after" ? LayerPoint.AfterActivation : LayerPoint.BeforeActivation;
        return text is "before" or "after";
    }

    private static bool ParseTarget(string text, out TrainingTarget value)
    {
        value = text switch { "layers" => TrainingTarget.LayerOutputs, "labels" => TrainingTarget.Labels, _ => TrainingTarget.Output };
        return text is "output" or "layers" or "labels";
    }

    private static bool ParseStart(string text, out TrainingStart value)
    {
        value = text == "network" ? TrainingStart.Network : TrainingStart.IterativeCorrection;
        return text is "iterative" or "network";
    }

    private static bool ParseSeed(string text, out int value) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    private static bool ParseAboveZero(string text, out double value) => ParseNumber(text, out value) && value > 0;

    private static bool ParseNumber(string text, out double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && value >= 0 && double.IsFinite(value);
}
