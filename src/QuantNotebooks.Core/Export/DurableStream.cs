namespace QuantNotebooks.Export;

/// <summary>
/// Writes a file a piece at a time and waits for the disk every few pieces, not for all of them at the end: between two the writing can be stopped.
/// </summary>
/// <param name="file">Where to; it is not closed.</param>
/// <param name="cancellation">Stops before the next piece.</param>
internal sealed class DurableStream(FileStream file, CancellationToken cancellation) : Stream
{
    private const int PieceBytes = 1 << 16;
    private const int WaitingBytes = 32 << 20;

    private readonly byte[] _piece = new byte[PieceBytes];
    private int _filled;
    private int _waiting;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var part = buffer[..Math.Min(buffer.Length, PieceBytes - _filled)];
            part.CopyTo(_piece.AsSpan(_filled));
            _filled += part.Length;
            buffer = buffer[part.Length..];
            if (_filled == PieceBytes) Drain();
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <summary>Does nothing: writers flush at moments of their own. See <see cref="Complete"/>.</summary>
    public override void Flush()
    {
    }

    /// <summary>Writes what is left and waits for the disk.</summary>
    public void Complete()
    {
        Drain();
        file.Flush(flushToDisk: true);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void Drain()
    {
        cancellation.ThrowIfCancellationRequested();
        file.Write(_piece, 0, _filled);
        _waiting += _filled;
        _filled = 0;
        if (_waiting < WaitingBytes) return;
        file.Flush(flushToDisk: true);
        _waiting = 0;
    }
}
