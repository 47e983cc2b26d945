using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Tests.Scripting;

/// <summary>A notebook host that remembers what it was sent.</summary>
internal sealed class RecordingOutput : INotebookOutput
{
    private readonly Lock gate = new();
    private readonly List<(OutputStream Stream, string Text)> writes = [];
    private readonly List<(string? Id, MimeBundle Bundle)> displays = [];
    private readonly List<(string Id, MimeBundle Bundle)> updates = [];

    /// <summary>Set with the first text that arrives.</summary>
    public TaskCompletionSource FirstWrite { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Text(OutputStream stream)
    {
        lock (gate) return string.Concat(writes.Where(write => write.Stream == stream).Select(write => write.Text));
    }

    /// <summary>Both streams in the order of arrival.</summary>
    public string AllText
    {
        get
        {
            lock (gate) return string.Concat(writes.Select(write => write.Text));
        }
    }

    public IReadOnlyList<(string? Id, MimeBundle Bundle)> Displays
    {
        get
        {
            lock (gate) return [.. displays];
        }
    }

    public IReadOnlyList<(string Id, MimeBundle Bundle)> Updates
    {
        get
        {
            lock (gate) return [.. updates];
        }
    }

    public void Write(OutputStream stream, string text)
    {
        lock (gate) writes.Add((stream, text));
        FirstWrite.TrySetResult();
    }

    public void Display(MimeBundle bundle, string? displayId)
    {
        lock (gate) displays.Add((displayId, bundle));
    }

    public void Clear(bool wait)
    {
        lock (gate) writes.Clear();
    }

    public void Update(string displayId, MimeBundle bundle)
    {
        lock (gate) updates.Add((displayId, bundle));
    }
}
