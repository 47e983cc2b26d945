using System.Globalization;

namespace QuantNotebooks.Sweep;

/// <summary>
/// How much memory the tensors of a sweep may take; what is beyond it goes to a temporary file. The process itself, ONNX Runtime and the batch
/// under way come on top, together less than 300 MB for the networks of today's phones and cameras. Immutable.
/// </summary>
public sealed record MemoryBudget
{
    private static readonly (string Unit, long Bytes)[] Units = [("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40)];

    /// <param name="bytes">The most bytes; at least one mebibyte.</param>
    /// <exception cref="QuantNotebooksException">It is less than a mebibyte.</exception>
    public MemoryBudget(long bytes) => Bytes = bytes >= 1 << 20
        ? bytes
        : throw new QuantNotebooksException(string.Create(CultureInfo.InvariantCulture, $"A memory budget of {bytes} bytes holds no tensor; give at least 1MiB."));

    /// <summary>A quarter of the memory that this process may have.</summary>
    public static MemoryBudget Default { get; } = new(Math.Max(1L << 28, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4));

    /// <summary>The most bytes.</summary>
    public long Bytes { get; }

    /// <summary>What tensors that wait for a later layer may take; the rest is for the batches under way and for free memory that is kept for the next ones.</summary>
    internal long FrontierBytes => Bytes * 5 / 16;

    internal long PoolBytes => Math.Min(TensorPool.UsualFreeBytes, Bytes / 16);

    /// <summary>Reads a number with a unit, such as "512MiB" or "4GiB"; a number alone is in bytes.</summary>
    public static bool TryParse(string text, out MemoryBudget? budget)
    {
        ArgumentNullException.ThrowIfNull(text);
        var (unit, bytes) = Array.Find(Units, unit => text.EndsWith(unit.Unit, StringComparison.OrdinalIgnoreCase));
        var number = unit is null ? text : text[..^unit.Length];
        budget = null;
        if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count)) return false;
        var total = count * (unit is null ? 1 : bytes);
        if (!(total >= 1 << 20 && total <= long.MaxValue / 2)) return false;
        budget = new MemoryBudget((long)total);
        return true;
    }

    /// <summary>For example "512MiB".</summary>
    public override string ToString()
    {
        var (unit, bytes) = Array.FindLast(Units, unit => Bytes >= unit.Bytes);
        return string.Create(CultureInfo.InvariantCulture, $"{(double)Bytes / bytes:0.##}{unit}");
    }
}
