using System.Globalization;
using QuantNotebooks.Export;
using QuantNotebooks.Images;
using QuantNotebooks.Recommendation;

namespace QuantNotebooks.Notebook.Commands;

/// <summary><c>recommend MODEL --images SET [scheme] [--budget 60s] [--out FILE]</c>: what to do, tried.</summary>
internal static class RecommendCommand
{
    public static CommandOption<TimeSpan> Budget { get; } = new(TryParseTime)
    {
        Name = "--budget", ValueName = "TIME", Help = "Time for weighing remedies and trying them.", DefaultText = "60s", Default = TimeSpan.FromMinutes(1),
        Rule = "a time such as 90s or 5m",
    };

    private static readonly CommandOption<string> Out = CommonOptions.Text("--out", "FILE", "Write the network after the steps that were kept.");

    public static CommandDefinition Definition { get; } = CommandDefinition.Create(
        "recommend", "Say for each layer what to do about its noise and why, try it, and report what it got on held-out images.", CommonOptions.Model,
        "data/models/mobilenet-v2-fashion.onnx --images data/fashion-mnist/calibration --count 256 --held-out 256 --weight-bits 4",
        [CommonOptions.Images, CommonOptions.Count, CommonOptions.SkipBroken, CommonOptions.HeldOut, Budget, Out, .. CommonOptions.Scheme, CommonOptions.KeepDeadChannels],
        Run, (RecommendationReport report) => report.ToJson(), isPart: report => report.Stopped);

    private static RecommendationReport Run(CommandInputs inputs)
    {
        var target = inputs.Arguments.Get(Out);
        if (target is not null) inputs.RequireNewFile(Out, target);
        var network = inputs.Network();
        var (images, heldOut) = ImagesAndHeldOut(inputs);
        var report = network.Recommend(
            images, heldOut, inputs.Scheme, new() { Budget = inputs.Arguments.Get(Budget), KeepDone = true }, inputs.Progress("recommend"), inputs.Host.Cancellation);
        inputs.Save(Out, report.Network, isWhole: !report.Stopped);
        return report;
    }

    /// <summary>The images to measure on and those to try the plan on: a quarter of them where nothing else is said.</summary>
    public static (ImageSet Images, ImageSet HeldOut) ImagesAndHeldOut(CommandInputs inputs)
    {
        var (images, heldOut) = inputs.ImagesAndHeldOut();
        if (heldOut is not null) return (images, heldOut);
        if (images.Count < 2) throw new CommandUsageException("at least two images are wanted: one part to measure on, one to try remedies on.");
        var kept = Math.Max(1, images.Count / 4);
        inputs.Host.Note(string.Create(CultureInfo.InvariantCulture, $"the last {kept} images are held out to try the plan on; {CommonOptions.HeldOut.Name} N says another number."));
        return (images.Take(images.Count - kept), images.Skip(images.Count - kept));
    }

    private static bool TryParseTime(string text, out TimeSpan value)
    {
        value = TimeSpan.Zero;
        var (number, unit) = text switch
        {
            [.. var start, 's'] => (start, 1.0),
            [.. var start, 'm'] => (start, 60.0),
            [.. var start, 'h'] => (start, 3600.0),
            _ => (text, 1.0),
        };
        if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count) || !(count > 0 && count * unit <= 1e7)) return false;
        value = TimeSpan.FromSeconds(count * unit);
        return value > TimeSpan.Zero;
    }
}
