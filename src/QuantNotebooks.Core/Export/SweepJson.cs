using QuantNotebooks.Experiments;

namespace QuantNotebooks.Export;

/// <summary>Many experiments as a JSON document; <see cref="JsonExport"/> says how numbers are written.</summary>
public static class SweepJson
{
    /// <summary>Every result that there is, and every experiment that could not be done with its reason. <c>left</c>: experiments that a stopped run did not come to.</summary>
    public static string ToJson(this ExperimentReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return ReportJson.Write(model: null, scheme: null, images: null, writer =>
        {
            writer.WriteString("plan", report.Plan.Path);
            writer.WriteNumber("experiments", report.Wanted);
            writer.WriteNumber("measured", report.Measured);
            writer.WriteNumber("left", report.Left);
            writer.WriteArray("rows", report.Results, row => ExperimentJson.WriteFields(writer, row));
            writer.WriteArray("failures", report.Failures, failure =>
            {
                writer.WriteString("network", failure.Experiment.Network.Name);
                writer.WriteString("method", failure.Experiment.Method.Name);
                writer.WriteScheme("scheme", failure.Experiment.Scheme);
                writer.WriteNumber("seed", failure.Experiment.Seed);
                writer.WriteString("reason", failure.Reason);
            });
        });
    }
}
