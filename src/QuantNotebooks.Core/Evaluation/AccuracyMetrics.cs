namespace QuantNotebooks.Evaluation;

/// <summary>What an accuracy counts, in words.</summary>
public static class AccuracyMetrics
{
    /// <summary>The field's word for the metric: "top-1", or "lines read right".</summary>
    /// <param name="metric">What is counted.</param>
    public static string Text(this AccuracyMetric metric) => metric == AccuracyMetric.Lines ? "lines read right" : "top-1";
}
