namespace QuantNotebooks.Images;

/// <summary>
/// Pillow's bilinear resampling of 8-bit images (its <c>Resample.c</c>), which torchvision uses: columns first, then rows, each a weighted mean with weights of a triangle
/// as wide as the scale demands, in fixed point with 22 bits behind the point, rounded to 8 bits after each of the two.
/// </summary>
internal static class AntialiasedResize
{
    private const int FractionBits = 22;

    public static Image Apply(Image image, ImageSize size)
    {
        var (height, width, channels) = (image.Height, image.Width, image.Channels);
        if (height == size.Height && width == size.Width)
            return image;
        var pixels = image.Pixels;
        if (width != size.Width)
            pixels = Columns(pixels.Span, height, width, size.Width, channels);
        if (height != size.Height)
            pixels = Rows(pixels.Span, height, size.Height, size.Width * channels);
        return new Image(size.Height, size.Width, channels, pixels);
    }

    private static byte[] Columns(ReadOnlySpan<byte> source, int height, int width, int newWidth, int channels)
    {
        var taps = Taps.All(width, newWidth);
        var result = new byte[height * newWidth * channels];
        var to = 0;
        for (var y = 0; y < height; y++)
        {
            var row = source.Slice(y * width * channels, width * channels);
            foreach (var (first, weights) in taps)
            {
                for (var channel = 0; channel < channels; channel++)
                {
                    var sum = 1 << (FractionBits - 1);
                    for (int tap = 0, from = first * channels + channel; tap < weights.Length; tap++, from += channels)
                        sum += row[from] * weights[tap];
                    result[to++] = Rounded(sum);
                }
            }
        }

        return result;
    }

    private static byte[] Rows(ReadOnlySpan<byte> source, int height, int newHeight, int rowLength)
    {
        var taps = Taps.All(height, newHeight);
        var result = new byte[newHeight * rowLength];
        var sums = new int[rowLength];
        for (var y = 0; y < newHeight; y++)
        {
            var (first, weights) = taps[y];
            Array.Fill(sums, 1 << (FractionBits - 1));
            for (var tap = 0; tap < weights.Length; tap++)
            {
                var row = source.Slice((first + tap) * rowLength, rowLength);
                var weight = weights[tap];
                for (var x = 0; x < row.Length; x++)
                    sums[x] += row[x] * weight;
            }

            var target = result.AsSpan(y * rowLength, rowLength);
            for (var x = 0; x < target.Length; x++)
                target[x] = Rounded(sums[x]);
        }

        return result;
    }

    private static byte Rounded(int sum) => (byte)Math.Clamp(sum >> FractionBits, 0, 255);

    /// <summary>The pixels that a resized pixel is made of: the first of them, and the weight of each.</summary>
    private readonly record struct Taps(int First, int[] Weights)
    {
        public static Taps[] All(int size, int newSize)
        {
            var scale = (double)size / newSize;
            var reach = Math.Max(scale, 1);
            var taps = new Taps[newSize];
            for (var i = 0; i < newSize; i++)
            {
                var centre = (i + 0.5) * scale;
                var first = Math.Max(0, (int)(centre - reach + 0.5));
                var end = Math.Min(size, (int)(centre + reach + 0.5));
                taps[i] = new Taps(first, Fixed(first, end, centre, reach));
            }

            return taps;
        }

        private static int[] Fixed(int first, int end, double centre, double reach)
        {
            var weights = new double[end - first];
            var sum = 0.0;
            for (var tap = 0; tap < weights.Length; tap++)
                sum += weights[tap] = Math.Max(0, 1 - Math.Abs((tap + first - centre + 0.5) * (1 / reach)));
            return Array.ConvertAll(weights, weight => (int)(0.5 + weight * (1 / sum) * (1 << FractionBits)));
        }
    }
}
