using System.Collections.Immutable;
using QuantNotebooks.Export;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Notebook.Commands;

/// <summary>All commands, defined once for every host.</summary>
public static class CommandSet
{
    /// <summary>The commands in the order in which a study uses them.</summary>
    public static ImmutableArray<CommandDefinition> All { get; } =
    [
        CommandDefinition.Create(
            "load", "Show what a network is: its layers, dead channels, and what is not analysed and why.", CommonOptions.Model,
            "data/models/mobilenet-v1-fashion.onnx",
            [CommonOptions.KeepDeadChannels],
            inputs => inputs.Network(), (Network network) => network.ToJson()),
        ShiftCommand.Definition,
        MergeCommand.Definition,
        SensitivityCommand.Definition,
        EqualizeCommand.Definition,
        AbsorbBiasCommand.Definition,
        RemoveDeadCommand.Definition,
        PruneCommand.Definition,
        CorrectCommand.Definition,
        RecommendCommand.Definition,
        ReportCommand.Definition,
        EvaluateCommand.Definition,
        CompareCommand.Definition,
        SweepCommand.Definition,
        PlotCommand.Definition,
        ExportCommand.Definition,
    ];

    /// <summary>The command of that name, or null.</summary>
    public static CommandDefinition? Find(string name) => All.FirstOrDefault(command => command.Name == name);
}
