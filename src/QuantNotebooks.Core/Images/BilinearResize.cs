namespace QuantNotebooks.Images;

/// <summary>
/// OpenCV's <c>INTER_LINEAR</c> of 8-bit images: a pixel lies between its four nearest neighbours, at half-pixel centres, the edge pixel repeated; weights have 11 bits behind
/// the point, and the sums are cut and rounded as OpenCV's are.
/// </summary>
internal static class BilinearResize
{
    private const int FractionBits = 11;

    public static Image Apply(Image image, ImageSize size)
    {
        var (height, width, channels) = (image.Height, image.Width, image.Channels);
        if (height == size.Height && width == size.Width)
            return image;
        var columns = Neighbours.All(width, size.Width, isRow: true);
        var rows = Neighbours.All(height, size.Height, isRow: false);
        var result = new byte[size.Height * size.Width * channels];
        var (upper, lower) = (new int[size.Width * channels], new int[size.Width * channels]);
        for (var y = 0; y < size.Height; y++)
        {
            var (first, second, near, far) = rows[y];
            Blend(Row(first), columns, channels, upper);
            Blend(Row(second), columns, channels, lower);
            var target = result.AsSpan(y * upper.Length, upper.Length);
            for (var x = 0; x < target.Length; x++)
                target[x] = (byte)((near * (upper[x] >> 4) >> 16) + (far * (lower[x] >> 4) >> 16) + 2 >> 2);
        }

        return new Image(size.Height, size.Width, channels, result);

        ReadOnlySpan<byte> Row(int y) => image.Pixels.Span.Slice(y * width * channels, width * channels);
    }

    private static void Blend(ReadOnlySpan<byte> row, Neighbours[] columns, int channels, Span<int> blended)
    {
        var to = 0;
        foreach (var (first, second, near, far) in columns)
        {
            for (var channel = 0; channel < channels; channel++)
                blended[to++] = row[first * channels + channel] * near + row[second * channels + channel] * far;
        }
    }

    /// <summary>The two pixels that a resized pixel lies between along one side, and the weights of both.</summary>
    private readonly record struct Neighbours(int First, int Second, int Near, int Far)
    {
        public static Neighbours[] All(int size, int newSize, bool isRow)
        {
            var scale = (double)size / newSize;
            var all = new Neighbours[newSize];
            for (var i = 0; i < newSize; i++)
            {
                var at = (float)((i + 0.5) * scale - 0.5);
                var first = (int)MathF.Floor(at);
                var far = at - first;
                // Along rows OpenCV leaves a pixel beyond the edge with both weights, which truncate apart.
                if (isRow && (first < 0 || first >= size - 1))
                    far = 0;
                all[i] = new Neighbours(Math.Clamp(first, 0, size - 1), Math.Clamp(first + 1, 0, size - 1), Weight(1 - far), Weight(far));
            }

            return all;
        }

        private static int Weight(float share) => (int)MathF.Round(share * (1 << FractionBits), MidpointRounding.ToEven);
    }
}
