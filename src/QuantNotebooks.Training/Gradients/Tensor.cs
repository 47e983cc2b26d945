using System.Collections.Immutable;

namespace QuantNotebooks.Training.Gradients;

/// <summary>A float32 tensor of a graph whose shape is known.</summary>
/// <param name="Name">Its name in the graph.</param>
/// <param name="Shape">Its dimensions.</param>
internal readonly record struct Tensor(string Name, ImmutableArray<long> Shape)
{
    public int Rank => Shape.Length;

    /// <summary>Number of elements.</summary>
    public long Count
    {
        get
        {
            long count = 1;
            foreach (var dimension in Shape) count *= dimension;
            return count;
        }
    }

    /// <summary>A possibly negative axis as one from 0 to <see cref="Rank"/> - 1.</summary>
    public int Axis(long axis) => (int)(axis < 0 ? axis + Rank : axis);
}
