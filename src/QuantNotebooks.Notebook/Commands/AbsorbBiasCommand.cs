using System.Globalization;
using QuantNotebooks.Equalization;
using QuantNotebooks.Export;

namespace QuantNotebooks.Notebook.Commands;

/// <summary><c>absorb-bias MODEL [--images SET] [--sigmas Z] [--out FILE]</c>: high biases move into the next layer.</summary>
internal static class AbsorbBiasCommand
{
    private static readonly CommandOption<string> Images = CommonOptions.Text("--images", "SET", "Images to compare the outputs on.");

    private static readonly CommandOption<double> Sigmas = new(ParseSigmas)
    {
        Name = "--sigmas", ValueName = "Z", Help = "How far below its mean a channel may fall and still be whole; 3 clips 0.13 % of a normal distribution.",
        DefaultText = "3", Default = 3, Rule = "a number of at least 0",
    };

    private static readonly CommandOption<string> Out = CommonOptions.Text("--out", "FILE", "Write the network as an ONNX file.");

    public static CommandDefinition Definition { get; } = CommandDefinition.Create(
        "absorb-bias", "Move what a ReLU's channels nearly always exceed into the next layer's bias, so that their range shrinks.", CommonOptions.Model,
        "data/models/resnet14-fashion.onnx --images data/fashion-mnist/calibration --count 64",
        [Images, CommonOptions.Count, CommonOptions.SkipBroken, Sigmas, Out, CommonOptions.KeepDeadChannels],
        Run, (HighBiasResult result) => result.ToJson());

    private static HighBiasResult Run(CommandInputs inputs)
    {
        var arguments = inputs.Arguments;
        if (arguments.Get(Out) is { } target) inputs.RequireNewFile(Out, target);
        var network = inputs.Network();
        var images = arguments.Get(Images) is null ? null : inputs.Part(Images, CommonOptions.Count);
        var result = network.AbsorbHighBias(images, arguments.Get(Sigmas), inputs.Progress("absorb-bias"), inputs.Host.Cancellation);
        inputs.Save(Out, result.Network);
        return result;
    }

    private static bool ParseSigmas(string text, out double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value) && value >= 0;
}
