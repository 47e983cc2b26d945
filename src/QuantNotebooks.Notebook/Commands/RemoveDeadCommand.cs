using QuantNotebooks.Equalization;
using QuantNotebooks.Export;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Notebook.Commands;

/// <summary><c>remove-dead MODEL [--images SET] [--out FILE]</c>: channels that never change leave the grids that they share with others.</summary>
internal static class RemoveDeadCommand
{
    private static readonly CommandOption<string> Images = CommonOptions.Text("--images", "SET", "Images to compare the outputs on.");

    private static readonly CommandOption<string> Out = CommonOptions.Text("--out", "FILE", "Write the network as an ONNX file.");

    public static CommandDefinition Definition { get; } = CommandDefinition.Create(
        "remove-dead", "Take the weights of channels whose output never changes out of the network.", CommonOptions.Model,
        "data/models/mobilenet-v1-fashion.onnx --images data/fashion-mnist/calibration --count 64",
        [Images, CommonOptions.Count, CommonOptions.SkipBroken, Out],
        Run, (DeadChannelResult result) => result.ToJson());

    private static DeadChannelResult Run(CommandInputs inputs)
    {
        var arguments = inputs.Arguments;
        if (arguments.Get(Out) is { } target) inputs.RequireNewFile(Out, target);
        // Read as any other command reads it, nothing would be left to remove.
        var subject = arguments.Subjects[0];
        var network = inputs.NetworkVariable(subject) ?? Network.Load(subject, new LoadOptions { KeepDeadChannels = true }, inputs.Host.Cancellation);
        var images = arguments.Get(Images) is null ? null : inputs.Part(Images, CommonOptions.Count);
        var result = network.EliminateDeadChannels(images, inputs.Progress("remove-dead"), inputs.Host.Cancellation);
        inputs.Save(Out, result.Network);
        return result;
    }
}
