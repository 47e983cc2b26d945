using System.Diagnostics;
using System.Globalization;
using System.Net;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Notebook.Hosting;

/// <summary>
/// A progress bar below the cell, which is drawn over in place and at last becomes what it was the progress of. Thread safe.
/// <code>
/// var bar = new ProgressDisplay("shift");
/// bar.Become(network.MeasureMeanShift(images, scheme, progress: bar));
/// </code>
/// </summary>
/// <param name="activity">What is under way, in a word or two.</param>
public sealed class ProgressDisplay(string activity) : IProgress<SweepProgress>
{
    /// <summary>The least time between two drawings.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private readonly Stopwatch _clock = new();
    private DisplayedValue? _shown;
    private TimeSpan _drawn;
    private SweepProgress _last;

    /// <summary>Draws how far the activity has come, unless that was done a moment ago.</summary>
    public void Report(SweepProgress value)
    {
        lock (_gate)
        {
            // Another pass begins at zero again.
            if (!_clock.IsRunning || value.Done < _last.Done) _clock.Restart();
            else if (_shown is not null && value.Done < value.Total && _clock.Elapsed - _drawn < Pause)
            {
                _last = value;
                return;
            }
            _last = value;
            _drawn = _clock.Elapsed;
            Draw(Bar(value, _clock.Elapsed));
        }
    }

    /// <summary>Puts the result in the bar's place.</summary>
    public void Become(object? result)
    {
        lock (_gate) Draw(MimeBundle.Of(result));
    }

    /// <summary>Says where the activity was stopped, if it had begun.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            if (_shown is null) return;
            var text = $"{activity}: stopped after {Amount(_last)}";
            Draw(new MimeBundle(
                new MimePart(MimeBundle.Html, $"<div style=\"opacity:.65;font-size:13px\">{WebUtility.HtmlEncode(text)}</div>"), new MimePart(MimeBundle.PlainText, text)));
        }
    }

    private void Draw(MimeBundle bundle)
    {
        if (_shown is null) _shown = NotebookDisplay.display(bundle);
        else _shown.Update(bundle);
    }

    private MimeBundle Bar(SweepProgress progress, TimeSpan elapsed)
    {
        var culture = CultureInfo.InvariantCulture;
        var left = progress.Done > 0 && elapsed > Pause ? TimeLeft(elapsed * ((double)(progress.Total - progress.Done) / progress.Done)) : "";
        var text = $"{activity}: {Amount(progress)}, {progress.Current}{left}";
        var html = string.Create(culture, $"""
            <div style="max-width:560px;font-size:13px"><div style="overflow:hidden;text-overflow:ellipsis;white-space:nowrap">{WebUtility.HtmlEncode(text)}</div>
            <progress aria-label="{WebUtility.HtmlEncode(activity)}" value="{progress.Done}" max="{Math.Max(1, progress.Total)}" style="width:100%"></progress></div>
            """);
        return new MimeBundle(new MimePart(MimeBundle.Html, html), new MimePart(MimeBundle.PlainText, text));
    }

    private static string Amount(SweepProgress progress) => progress switch
    {
        { ImagesDone: { } done, TotalImages: { } total } => $"{NumberText.Count(done)} of {NumberText.Count(total, "image")}",
        { TotalImages: { } each } => $"layer {NumberText.Count(progress.Done)} of {NumberText.Count(progress.Total)} on {NumberText.Count(each, "image")}",
        _ => $"{NumberText.Count(progress.Done)} of {NumberText.Count(progress.Total, "step")}",
    };

    private static string TimeLeft(TimeSpan left) => left.TotalMinutes >= 2
        ? string.Create(CultureInfo.InvariantCulture, $", {left.TotalMinutes:0} min left")
        : string.Create(CultureInfo.InvariantCulture, $", {Math.Ceiling(left.TotalSeconds):0} s left");
}
