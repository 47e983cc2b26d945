using System.Globalization;
using System.Text.Json;

namespace QuantNotebooks.Notebook.Charts.Pictures;

/// <summary>A colour axis of Plotly's: stops from 0 to 1 over a range of values.</summary>
internal sealed record ColourScale(double Low, double High, (double At, byte R, byte G, byte B)[] Stops)
{
    public static ColourScale Of(JsonElement axis)
    {
        var stops = axis.Child("colorscale").Items().Select(stop =>
        {
            var colour = stop[1].GetString()!;
            return (stop[0].GetDouble(), Part(colour, 1), Part(colour, 3), Part(colour, 5));
        }).ToArray();
        return new ColourScale(
            axis.Child("cmin").Number() ?? axis.Child("zmin").Number() ?? 0, axis.Child("cmax").Number() ?? axis.Child("zmax").Number() ?? 1,
            stops.Length > 0 ? stops : [(0, 255, 255, 255), (1, 0, 0, 0)]);

        static byte Part(string colour, int start) => byte.Parse(colour.AsSpan(start, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }

    public (byte R, byte G, byte B) Rgb(double value)
    {
        var place = High > Low ? Math.Clamp((value - Low) / (High - Low), 0, 1) : 0.5;
        var next = Array.FindIndex(Stops, stop => stop.At >= place);
        if (next <= 0) return (Stops[Math.Max(next, 0)].R, Stops[Math.Max(next, 0)].G, Stops[Math.Max(next, 0)].B);
        var (from, to) = (Stops[next - 1], Stops[next]);
        var share = (place - from.At) / (to.At - from.At);
        return (Between(from.R, to.R), Between(from.G, to.G), Between(from.B, to.B));

        byte Between(byte one, byte other) => (byte)Math.Round(one + (other - one) * share);
    }

    public string At(double value)
    {
        var (r, g, b) = Rgb(value);
        return string.Create(CultureInfo.InvariantCulture, $"#{r:x2}{g:x2}{b:x2}");
    }
}
