using System.Collections.Immutable;

namespace QuantNotebooks.Evaluation;

/// <summary>Networks side by side on the same images. Immutable.</summary>
/// <param name="Rows">One entry a network and scheme, in the order asked for.</param>
public sealed record Comparison(ImmutableArray<ComparisonRow> Rows);

/// <summary>One line of a comparison.</summary>
/// <param name="Name">What to call it.</param>
/// <param name="Result">Its evaluation.</param>
public sealed record ComparisonRow(string Name, EvaluationResult Result);
