using System.Diagnostics;

namespace QuantNotebooks.Tests;

/// <summary>What came of many damaged inputs.</summary>
/// <param name="Accepted">How many were taken.</param>
/// <param name="Refused">How many were refused in words.</param>
/// <param name="Slowest">The longest that one took.</param>
/// <param name="MostBytes">The most that was allocated for one.</param>
internal sealed record FuzzingResult(int Accepted, int Refused, TimeSpan Slowest, long MostBytes);

/// <summary>Runs damaged inputs: each is taken or refused by the library's own exception, in bounded time and memory.</summary>
internal static class Fuzzing
{
    private const int Attempts = 20;

    // Bytes that a message shows; seed and number of the case make them again.
    private const int MostShown = 20_000;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    /// <param name="cases">How many on an ordinary day.</param>
    /// <param name="seed">Of the random numbers.</param>
    /// <param name="make">Makes an input.</param>
    /// <param name="take">Takes it.</param>
    /// <param name="mostBytes">What may be allocated for one input.</param>
    /// <param name="isRefusal">Whether an exception is a refusal; null for the library's own.</param>
    public static FuzzingResult Run<T>(int cases, int seed, Func<Random, T> make, Action<T> take, long mostBytes, Func<Exception, bool>? isRefusal = null)
    {
        var random = new Random(seed);
        var (accepted, refused, again, slowest, most) = (0, 0, 0, TimeSpan.Zero, 0L);
        for (var index = 0; index < LongRun.Cases(cases); index++)
        {
            var input = make(random);
            var time = TimeSpan.MaxValue;
            // A slow machine is no defect, so what takes long is tried again.
            for (var attempt = 0; attempt < Attempts && time > Longest; attempt++)
            {
                var (clock, before) = (Stopwatch.StartNew(), GC.GetAllocatedBytesForCurrentThread());
                var wasAccepted = Take(input);
                (time, most) = (clock.Elapsed, Math.Max(most, GC.GetAllocatedBytesForCurrentThread() - before));
                if (attempt == 0 && wasAccepted) accepted++;
                else if (attempt == 0) refused++;
                else if (attempt == 1) again++;
            }
            if (time > slowest) slowest = time;
            if (time > Longest) throw Defect($"took {time.TotalSeconds} s");
            if (most > mostBytes) throw Defect($"took {most} bytes");

            bool Take(T damaged)
            {
                try
                {
                    take(damaged);
                    return true;
                }
                catch (Exception refusal) when (isRefusal?.Invoke(refusal) ?? refusal is QuantNotebooksException)
                {
                    return refusal.Message.AsSpan().ContainsAny('\n', '\r') ? throw Defect($"was refused in several lines: {refusal.Message}") : false;
                }
                catch (Exception error)
                {
                    throw Defect($"{error.GetType().Name}: {error.Message}\n{error.StackTrace}");
                }
            }

            InvalidOperationException Defect(string what) => new($"seed {seed}, case {index}: {what}\n{(input is byte[] bytes ? bytes.Length <= MostShown ? Convert.ToHexString(bytes) : $"{bytes.Length} bytes" : input)}");
        }
        Figures.Add($"fuzzing with seed {seed}: {accepted} accepted, {refused} refused, {again} tried again because a second did not do, slowest {slowest.TotalMilliseconds:F0} ms, at most {most / 1024} KiB for one");
        return new FuzzingResult(accepted, refused, slowest, most);
    }
}
