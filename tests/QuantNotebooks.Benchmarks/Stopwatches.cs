using System.Diagnostics;

namespace QuantNotebooks.Benchmarks;

/// <summary>Seconds that some work took: on the clock, and of all processors together, which other work on the machine changes little.</summary>
internal readonly record struct Seconds(double Wall, double Processor);

internal static class Stopwatches
{
    public static Seconds Run(Action act)
    {
        using var process = Process.GetCurrentProcess();
        var before = process.TotalProcessorTime;
        var watch = Stopwatch.StartNew();
        act();
        watch.Stop();
        process.Refresh();
        return new Seconds(watch.Elapsed.TotalSeconds, (process.TotalProcessorTime - before).TotalSeconds);
    }

    /// <summary>The median of each of several kinds of work, done in turn, so that what else the machine does weighs on all alike; once before it counts.</summary>
    public static Seconds[] Medians(int rounds, params Action[] works)
    {
        var runs = works.Select(_ => new List<Seconds>()).ToArray();
        for (var round = -1; round < rounds; round++)
            for (var work = 0; work < works.Length; work++)
            {
                var seconds = Run(works[work]);
                if (round >= 0) runs[work].Add(seconds);
            }
        return Array.ConvertAll(runs, run => new Seconds(Median(run.Select(one => one.Wall)), Median(run.Select(one => one.Processor))));
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
