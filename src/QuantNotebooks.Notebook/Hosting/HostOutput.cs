using System.Collections.Concurrent;

namespace QuantNotebooks.Notebook.Hosting;

/// <summary>The output of a cell in a host that is not ours. Thread safe.</summary>
internal sealed class HostOutput(INotebookHost host) : INotebookOutput
{
    private readonly ConcurrentDictionary<string, Action<MimeBundle>> _shown = new();

    public void Write(OutputStream stream, string text)
    {
        if (text.Trim().Length > 0) host.Show(new MimeBundle(new MimePart(MimeBundle.PlainText, text.TrimEnd())));
    }

    public void Display(MimeBundle bundle, string? displayId)
    {
        var replace = host.Show(bundle);
        if (displayId is not null) _shown[displayId] = replace;
    }

    public void Update(string displayId, MimeBundle bundle)
    {
        if (_shown.TryGetValue(displayId, out var replace)) replace(bundle);
    }

    // Such hosts can't take back what they have shown.
    public void Clear(bool wait)
    {
    }
}
