using System.Reflection;
using Deedle;
using Deedle.Internal;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>A Deedle series as a frame of one column, so that it is shown like one.</summary>
internal static class SeriesFrame
{
    private static readonly MethodInfo Generic = typeof(SeriesFrame).GetMethod(nameof(OfTyped), BindingFlags.NonPublic | BindingFlags.Static)!;

    /// <summary>Wraps a series of any types; Deedle has no type for "any series" that gives its values.</summary>
    /// <exception cref="ArgumentException">It is not a Deedle series.</exception>
    public static IFrame Of(ISeriesFormattable series)
    {
        for (var type = series.GetType(); type is not null; type = type.BaseType)
            if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Series<,>))
                return (IFrame)Generic.MakeGenericMethod(type.GetGenericArguments()).Invoke(null, [series])!;
        throw new ArgumentException($"{series.GetType()} is not a Deedle series.", nameof(series));
    }

    private static Frame<TKey, string> OfTyped<TKey, TValue>(Series<TKey, TValue> series)
    {
        var columns = new FrameBuilder.Columns<TKey, string>();
        columns.Add("value", series);
        return columns.Frame;
    }
}
