using System.Text;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Jupyter;

/// <summary>
/// Gathers what a cell writes, so that many small writes become few messages: text leaves when there is much of it, when the stream changes,
/// and else a moment after it was written. Thread safe.
/// </summary>
/// <param name="send">Sends text; called by one thread at a time, in order.</param>
internal sealed class StreamBuffer(Action<OutputStream, string> send)
{
    /// <summary>Characters in a message, about.</summary>
    private const int Much = 1 << 14;

    /// <summary>How long text may wait.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(40);

    /// <summary>Moments without text after which nobody waits for more.</summary>
    private const int LongestIdle = 25;

    private readonly Lock _gate = new();
    private readonly StringBuilder _text = new();
    private OutputStream _stream;
    private bool _hasSender;

    /// <summary>Appends text.</summary>
    public void Write(OutputStream stream, string text)
    {
        lock (_gate)
        {
            if (stream != _stream) Send(all: true);
            _stream = stream;
            _text.Append(text);
            if (_text.Length >= Much) Send(all: false);
            if (_text.Length > 0 && !_hasSender) StartSender();
        }
    }

    /// <summary>Sends what there is, now.</summary>
    public void Flush()
    {
        lock (_gate) Send(all: true);
    }

    // Not a timer, which the thread pool would serve, when the cell's tasks leave it time. Without the cell's execution context, which would hold the cell.
    private void StartSender()
    {
        _hasSender = true;
        new Thread(SendAfterMoments) { IsBackground = true, Name = "cell output" }.UnsafeStart();
    }

    private void SendAfterMoments()
    {
        var idle = 0;
        while (true)
        {
            Thread.Sleep(Moment);
            lock (_gate)
            {
                idle = _text.Length == 0 ? idle + 1 : 0;
                Send(all: true);
                _hasSender = idle < LongestIdle;
                if (!_hasSender) return;
            }
        }
    }

    // Half of a character that is written in two halves waits for the other, unless nothing can follow.
    private void Send(bool all)
    {
        var length = !all && _text.Length > 0 && char.IsHighSurrogate(_text[^1]) ? _text.Length - 1 : _text.Length;
        if (length == 0) return;
        var text = _text.ToString(0, length);
        _text.Remove(0, length);
        send(_stream, text);
    }
}
