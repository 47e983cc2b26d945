using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace QuantNotebooks.Images;

/// <summary>
/// SHA-256 of the size and values of each image of a source, noted whenever one is decoded: a set that was measured has its hash without decoding all of
/// it once more. Thread safe.
/// </summary>
internal sealed class ImageDigests
{
    private const int Size = SHA256.HashSizeInBytes;
    private const int PageLength = 1 << 12;

    private readonly Page?[] _pages;
    private readonly int[]? _positions;

    /// <param name="count">Number of images.</param>
    public ImageDigests(int count) => _pages = new Page?[(count + PageLength - 1L) / PageLength];

    private ImageDigests(Page?[] pages, int[] positions) => (_pages, _positions) = (pages, positions);

    /// <summary>The same digests, of some of the images.</summary>
    public ImageDigests At(int[] indices) => new(_pages, [.. indices.Select(PositionOf)]);

    /// <summary>The digest of an image that was noted; empty where it was not.</summary>
    public ReadOnlySpan<byte> Find(int index)
    {
        var (number, place) = Math.DivRem(PositionOf(index), PageLength);
        return Volatile.Read(ref _pages[number]) is { } page && Volatile.Read(ref page.IsKnown[place]) ? page.DigestAt(place) : [];
    }

    /// <summary>Notes an image, unless that was done before: its sizes (32-bit little-endian), then its values.</summary>
    public void Note(int index, ReadOnlySpan<int> sizes, ReadOnlySpan<byte> values)
    {
        var (number, place) = Math.DivRem(PositionOf(index), PageLength);
        var page = Volatile.Read(ref _pages[number]) ?? Begin(number);
        if (Volatile.Read(ref page.IsKnown[place])) return;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(MemoryMarshal.AsBytes(sizes));
        hash.AppendData(values);
        // Two threads at once write the same.
        hash.GetHashAndReset(page.DigestAt(place));
        Volatile.Write(ref page.IsKnown[place], true);
    }

    private Page Begin(int number)
    {
        var page = new Page();
        return Interlocked.CompareExchange(ref _pages[number], page, null) ?? page;
    }

    private int PositionOf(int index) => _positions is null ? index : _positions[index];

    private sealed class Page
    {
        private readonly byte[] _digests = new byte[PageLength * Size];

        public bool[] IsKnown { get; } = new bool[PageLength];

        public Span<byte> DigestAt(int place) => _digests.AsSpan(place * Size, Size);
    }
}
