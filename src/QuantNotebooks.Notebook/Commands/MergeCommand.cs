using QuantNotebooks.Export;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Notebook.Commands;

/// <summary><c>merge s1.qns s2.qns ...</c>: the statistics of all parts of a measurement as one report.</summary>
internal static class MergeCommand
{
    private static readonly CommandOption<string> Model =
        CommonOptions.Text("--model", "MODEL", "The network, where it is not at the path that the statistics name.");

    private static readonly CommandOption<string> Images =
        CommonOptions.Text("--images", "SET", "The images, where they are not at the path that the statistics name.");

    private static readonly CommandOption<string> Statistics =
        CommonOptions.Text("--statistics", "FILE", "Save the merged statistics too (.qns); then parts may be missing still.");

    public static CommandDefinition Definition { get; } = CommandDefinition.Create(
        "merge", "Put the statistics of the parts of a measurement together: the report of one run over all images.",
        new CommandSubject("STATISTICS", "Files of statistics (.qns), as 'shift --statistics' writes them.", IsMany: true),
        "s1.qns s2.qns s3.qns s4.qns --json shift.json",
        [Model, Images, Statistics],
        Run, (MeanShiftReport report) => report.ToJson());

    private static MeanShiftReport Run(CommandInputs inputs)
    {
        var parts = inputs.Arguments.Subjects.Select(path => (Path: path, Saved: StatisticsFile.Load(path))).OrderBy(part => part.Saved.Parts[0].First).ToList();
        var merged = parts[0].Saved;
        foreach (var (path, saved) in parts.Skip(1))
        {
            try
            {
                merged = merged.Merge(saved);
            }
            catch (QuantNotebooksException error)
            {
                throw new QuantNotebooksException($"'{path}': {error.Message}", error);
            }
        }
        if (inputs.Arguments.Get(Statistics) is { } target)
        {
            merged.Save(target);
            inputs.Host.Note($"written: {target}");
        }
        var model = inputs.Arguments.Get(Model) ?? merged.ModelPath;
        var network = inputs.NetworkVariable(model) ?? Network.Load(model, new LoadOptions { KeepDeadChannels = merged.KeepsDeadChannels }, inputs.Host.Cancellation);
        var images = ImageSet.Load(inputs.Arguments.Get(Images) ?? merged.ImagesPath).Take(merged.TotalImages);
        return merged.ToReport(network, images);
    }
}
