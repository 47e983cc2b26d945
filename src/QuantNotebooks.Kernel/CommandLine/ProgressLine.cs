using System.Globalization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Kernel.CommandLine;

/// <summary>Progress on standard error: one line that is written over on a terminal, else a line at every quarter. Thread safe.</summary>
/// <param name="writer">Standard error.</param>
/// <param name="terminalWidth">Columns of the terminal; null where standard error is not one.</param>
internal sealed class ProgressLine(TextWriter writer, int? terminalWidth)
{
    private const int Quarters = 4;

    private readonly Lock _gate = new();
    private int _lastQuarter = -1;
    private int _lastDone = -1;
    private bool _isOpen;

    /// <summary>What tells this line how far an activity has come.</summary>
    public IProgress<SweepProgress> For(string activity) => new Reporter(this, activity);

    /// <summary>Clears the line, so that something else can be written.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            if (!_isOpen) return;
            writer.Write("\r" + new string(' ', terminalWidth!.Value - 1) + "\r");
            writer.Flush();
            _isOpen = false;
        }
    }

    private void Report(string activity, SweepProgress progress)
    {
        var text = progress is { ImagesDone: { } done, TotalImages: { } total }
            ? string.Create(CultureInfo.InvariantCulture, $"{activity}: {done}/{total} images, {progress.Current}")
            : string.Create(CultureInfo.InvariantCulture, $"{activity}: {progress.Done}/{progress.Total} {progress.Current}");
        lock (_gate)
        {
            if (terminalWidth is { } width)
            {
                writer.Write("\r" + (text.Length < width ? text.PadRight(width - 1) : text[..(width - 1)]));
                writer.Flush();
                _isOpen = true;
                return;
            }
            // Another pass over the network begins at zero again.
            if (progress.Done <= _lastDone) _lastQuarter = -1;
            _lastDone = progress.Done;
            var quarter = progress.Total == 0 ? Quarters : (int)((long)progress.Done * Quarters / progress.Total);
            if (quarter == _lastQuarter) return;
            _lastQuarter = quarter;
            writer.WriteLine(text);
        }
    }

    // Not Progress<T>, which would report later, from another thread and perhaps out of order.
    private sealed class Reporter(ProgressLine line, string activity) : IProgress<SweepProgress>
    {
        public void Report(SweepProgress value) => line.Report(activity, value);
    }
}
