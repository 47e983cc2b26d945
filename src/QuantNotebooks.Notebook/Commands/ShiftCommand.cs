using QuantNotebooks.Export;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Notebook.Commands;

/// <summary><c>shift MODEL --images SET [scheme] [--split] [--shard 3/16 --statistics FILE]</c>: the mean activation shift.</summary>
internal static class ShiftCommand
{
    private static readonly CommandOption<bool> Split =
        CommonOptions.Flag("--split", "Take each shift apart: own weights, own input rounding, inherited from the layers before.");

    private static readonly CommandOption<Shard> Shard = new(Shift.Shard.TryParse)
    {
        Name = "--shard", ValueName = "K/N", Help = "Measure only the K-th of N parts of the images; 'merge' puts the parts together.",
        Rule = "two numbers such as 3/16, the first at most the second",
    };

    private static readonly CommandOption<string> Statistics =
        CommonOptions.Text("--statistics", "FILE", "Save the statistics too (.qns); where the file holds them already, nothing is measured again.");

    private static readonly CommandOption<string> Ranges =
        CommonOptions.Text("--ranges", "FILE", "Take the activations' ranges of earlier statistics (.qns).");

    public static CommandDefinition Definition { get; } = CommandDefinition.Create(
        "shift", "Measure the mean activation shift that quantization causes, layer by layer and channel by channel.", CommonOptions.Model,
        "data/models/mobilenet-v1-fashion.onnx --images data/fashion-mnist/calibration --count 64 --split",
        [
            CommonOptions.Images, CommonOptions.Count, CommonOptions.SkipBroken, CommonOptions.HeldOut, CommonOptions.Calibration, CommonOptions.CalibrationCount, Ranges, Split,
            Shard, Statistics, .. CommonOptions.Scheme, CommonOptions.KeepDeadChannels, CommonOptions.Memory,
        ],
        Run, (MeanShiftReport report) => report.ToJson(), Conflict, report => report.StoppedBefore is not null);

    private static string? Conflict(CommandArguments arguments)
    {
        if (arguments.IsGiven(Ranges) && arguments.IsGiven(CommonOptions.Calibration))
            return $"{Ranges.Name} and {CommonOptions.Calibration.Name} both set the activations' ranges; give one of them.";
        if (!arguments.IsGiven(Shard)) return null;
        if (!arguments.IsGiven(Statistics)) return $"{Shard.Name} wants {Statistics.Name} FILE, where the part's statistics go.";
        return arguments.IsGiven(CommonOptions.HeldOut) ? $"{CommonOptions.HeldOut.Name} can't be given together with {Shard.Name}; measure those images on their own." : null;
    }

    private static MeanShiftReport Run(CommandInputs inputs)
    {
        var target = inputs.Arguments.Get(Statistics);
        if (target is not null) ReportFile.RequireWritable(target);
        var network = inputs.Network();
        var (whole, heldOut) = inputs.ImagesAndHeldOut();
        var (first, images) = Part(inputs, network, whole);
        var options = new MeanShiftOptions
        {
            Split = inputs.Arguments.Get(Split),
            Ranges = RangesOf(inputs, network, images.Count < whole.Count || inputs.Arguments.IsGiven(Shard)),
            HeldOut = heldOut,
            KeepDone = true,
            Memory = inputs.Arguments.Get(CommonOptions.Memory),
        };
        // Without ranges of their own the statistics depend on all the images, and can't be told to be those of the same measurement.
        if (target is not null && File.Exists(target) && options.Ranges is not null && heldOut is null)
            return Finished(inputs, target, network, whole, images, first, options);
        var report = network.MeasureMeanShift(images, inputs.Scheme, options, inputs.Progress("shift"), inputs.Host.Cancellation);
        if (target is null) return report;
        if (report.StoppedBefore is not null)
        {
            inputs.Host.Note($"not written, for it was stopped: {target}");
            return report;
        }
        SavedShift.Of(report, whole, first).Save(target);
        inputs.Host.Note($"written: {target}");
        return report;
    }

    private static (int First, ImageSet Images) Part(CommandInputs inputs, Network network, ImageSet whole)
    {
        if (!inputs.Arguments.IsGiven(Shard)) return (0, whole);
        var (first, count) = inputs.Arguments.Get(Shard).Of(network, whole);
        return (first, whole.Skip(first).Take(count));
    }

    /// <summary>The ranges that something other than the measured images sets; null where these are to set them.</summary>
    private static ActivationRanges? RangesOf(CommandInputs inputs, Network network, bool isPart)
    {
        var calibrates = inputs.Arguments.IsGiven(CommonOptions.Calibration);
        var takes = inputs.Arguments.IsGiven(Ranges);
        if (network.Ranges is { } own)
        {
            var ignored = calibrates ? CommonOptions.Calibration.Name : takes ? Ranges.Name : null;
            inputs.Host.Note($"'{network.Name}' carries its own calibrated ranges; they are used{(ignored is null ? "" : $", and {ignored} is ignored")}.");
            return own;
        }
        if (takes) return StatisticsFile.Load(inputs.Arguments.Get(Ranges)!).Ranges;
        if (calibrates)
            return network.Calibrate(inputs.Part(CommonOptions.Calibration, CommonOptions.CalibrationCount), inputs.Scheme, inputs.Progress("shift"), inputs.Host.Cancellation);
        return isPart
            ? throw new CommandUsageException($"{Shard.Name} wants ranges that all parts share: give {CommonOptions.Calibration.Name} SET, or {Ranges.Name} FILE of another part.")
            : null;
    }

    /// <summary>The report of statistics that are there already.</summary>
    private static MeanShiftReport Finished(
        CommandInputs inputs, string target, Network network, ImageSet whole, ImageSet images, int first, MeanShiftOptions options)
    {
        var saved = StatisticsFile.Load(target);
        var wanted = saved with
        {
            NetworkSha256 = network.Sha256,
            Scheme = inputs.Scheme,
            Ranges = options.Ranges!,
            TotalImages = whole.Count,
            Parts = [new MeasuredPart(first, images.Count, images.Sha256)],
        };
        var difference = saved.Difference(wanted)
            ?? (saved.Parts is [var part] && part == wanted.Parts[0] ? null : "other images")
            ?? (saved.Layers.Any(layer => layer.Split is not null) == options.Split ? null : "one that was split and one that was not");
        if (difference is not null) throw new QuantNotebooksException($"'{target}' holds other statistics: the two are of {difference}. Delete it, or give another name.");
        inputs.Host.Note($"'{target}' holds these statistics already; nothing is measured again.");
        return saved.ToPartialReport(network, images);
    }
}
