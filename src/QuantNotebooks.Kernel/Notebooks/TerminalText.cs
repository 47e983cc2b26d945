using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace QuantNotebooks.Kernel.Notebooks;

/// <summary>Text as a terminal would leave it, as HTML: in its colours, and with only the last state of lines that a progress bar has overwritten.</summary>
internal static partial class TerminalText
{
    // On a background of its own a text has the colours that terminals have; else the page's, which can be read in light and in dark.
    private static readonly string[] Fixed =
    [
        "#000000", "#a31515", "#13702d", "#8a6d00", "#0b4f9e", "#83308c", "#00697c", "#d0d0d0",
        "#666666", "#ff6b60", "#5fd07a", "#f2d24b", "#6cb2ff", "#e08cf0", "#5fd7e8", "#ffffff",
    ];

    private const string Style = """
        <style>
        .a0, .a8, .a7, .a15 { color: #5b6670; } .a1, .a9 { color: #b3261e; } .a2, .a10 { color: #1a6e2e; } .a3, .a11 { color: #7a5a00; }
        .a4, .a12 { color: #0b5cad; } .a5, .a13 { color: #8a3b93; } .a6, .a14 { color: #00667a; }
        @media screen and (prefers-color-scheme: dark) {
        .a0, .a8 { color: #98a3ad; } .a7 { color: #c9d1d9; } .a15 { color: #ffffff; } .a1, .a9 { color: #ff8a80; } .a2, .a10 { color: #7fd18b; } .a3, .a11 { color: #e3c46a; }
        .a4, .a12 { color: #79b8ff; } .a5, .a13 { color: #d7a1e8; } .a6, .a14 { color: #64cbdc; }
        }
        </style>

        """;

    /// <summary>The text as HTML.</summary>
    public static string ToHtml(string text)
    {
        var html = new StringBuilder();
        var look = new Look(null, null, false, false, false);
        var start = 0;
        var last = LastStates(Other().Replace(text, "").Replace("\r\n", "\n", StringComparison.Ordinal));
        foreach (Match change in Sgr().Matches(last))
        {
            Append(html, look, last[start..change.Index]);
            look = look.After(change.Groups[1].Value);
            start = change.Index + change.Length;
        }
        Append(html, look, last[start..]);
        return html.ToString();
    }

    /// <summary>The style that a page wants whose body has such text; nothing for others.</summary>
    public static string StyleFor(string body) => body.Contains("<span class=\"a", StringComparison.Ordinal) ? Style : "";

    // What was overwritten may have set the colour of what follows.
    private static string LastStates(string text) => !text.Contains('\r', StringComparison.Ordinal) ? text : string.Join('\n', text.Split('\n').Select(line =>
    {
        line = line.TrimEnd('\r');
        var kept = line.LastIndexOf('\r') + 1;
        return string.Concat(Sgr().Matches(line[..kept]).Select(match => match.Value)) + line[kept..];
    }));

    private static void Append(StringBuilder html, Look look, string text)
    {
        if (text.Length == 0) return;
        var (classes, style) = look.Css();
        var isPlain = classes.Length + style.Length == 0;
        if (!isPlain) html.Append("<span").Append(classes).Append(style).Append('>');
        html.Append(WebUtility.HtmlEncode(text));
        if (!isPlain) html.Append("</span>");
    }

    /// <summary>How text looks. A colour is a number of the terminal's sixteen, or CSS.</summary>
    private sealed record Look(string? Foreground, string? Background, bool Bold, bool Italic, bool Underlined)
    {
        /// <summary>The look after a sequence of the standard ECMA-48, select graphic rendition.</summary>
        public Look After(string sequence)
        {
            var codes = sequence.Split(';', ':').Select(code => int.TryParse(code, CultureInfo.InvariantCulture, out var number) ? number : 0).ToArray();
            var look = this;
            for (var at = 0; at < codes.Length; at++)
            {
                look = codes[at] switch
                {
                    0 => new Look(null, null, false, false, false),
                    1 => look with { Bold = true },
                    3 => look with { Italic = true },
                    4 => look with { Underlined = true },
                    22 => look with { Bold = false },
                    23 => look with { Italic = false },
                    24 => look with { Underlined = false },
                    >= 30 and <= 37 => look with { Foreground = Number(codes[at] - 30) },
                    38 => look with { Foreground = Extended(codes, ref at) },
                    39 => look with { Foreground = null },
                    >= 40 and <= 47 => look with { Background = Number(codes[at] - 40) },
                    48 => look with { Background = Extended(codes, ref at) },
                    49 => look with { Background = null },
                    >= 90 and <= 97 => look with { Foreground = Number(codes[at] - 90 + 8) },
                    >= 100 and <= 107 => look with { Background = Number(codes[at] - 100 + 8) },
                    _ => look,
                };
            }
            return look;
        }

        public (string Classes, string Style) Css()
        {
            var style = new StringBuilder();
            var isOnPage = Background is null;
            var isNumber = Foreground is not null && Foreground[0] != '#';
            if (!isOnPage)
            {
                var background = Fix(Background!);
                style.Append("background:").Append(background).Append(";color:").Append(Foreground is null ? Readable(background) : Fix(Foreground)).Append(';');
            }
            else if (Foreground is not null && !isNumber) style.Append("color:").Append(Foreground).Append(';');
            if (Bold) style.Append("font-weight:600;");
            if (Italic) style.Append("font-style:italic;");
            if (Underlined) style.Append("text-decoration:underline;");
            return (isOnPage && isNumber ? $" class=\"a{Foreground}\"" : "", style.Length > 0 ? $" style=\"{style}\"" : "");
        }

        private static string Number(int colour) => colour.ToString(CultureInfo.InvariantCulture);

        private static string Fix(string colour) => colour[0] == '#' ? colour : Fixed[int.Parse(colour, CultureInfo.InvariantCulture)];

        // Black or white, by the brightness of the background.
        private static string Readable(string background)
        {
            var rgb = int.Parse(background.AsSpan(1), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            return 299 * (rgb >> 16) + 587 * (rgb >> 8 & 255) + 114 * (rgb & 255) > 128_000 ? "#000000" : "#ffffff";
        }

        // "5;n" is one of 256 colours, of which 216 are a cube and 24 are grey; "2;r;g;b" is any.
        private static string? Extended(int[] codes, ref int at)
        {
            if (at + 2 < codes.Length && codes[at + 1] == 5)
            {
                var colour = Math.Clamp(codes[at += 2], 0, 255);
                if (colour < 16) return Number(colour);
                if (colour >= 232) return Hex(8 + 10 * (colour - 232), 8 + 10 * (colour - 232), 8 + 10 * (colour - 232));
                return Hex(Step((colour - 16) / 36), Step((colour - 16) / 6 % 6), Step((colour - 16) % 6));
            }
            if (at + 4 < codes.Length && codes[at + 1] == 2)
            {
                at += 4;
                return Hex(codes[at - 2], codes[at - 1], codes[at]);
            }
            at = codes.Length;
            return null;
        }

        private static int Step(int of5) => of5 == 0 ? 0 : 55 + 40 * of5;

        private static string Hex(int red, int green, int blue) =>
            string.Create(CultureInfo.InvariantCulture, $"#{Math.Clamp(red, 0, 255):x2}{Math.Clamp(green, 0, 255):x2}{Math.Clamp(blue, 0, 255):x2}");
    }

    [GeneratedRegex(@"\x1b\[([0-9;:]*)m")]
    private static partial Regex Sgr();

    // All other sequences: moves of the cursor, titles, links.
    [GeneratedRegex(@"\x1b(\[[0-9;:]*[<-?][0-?]*[ -/]*[@-~]|\[[0-9;:]*( *[ -/]+[@-~]|[@-ln-~])|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\^_])")]
    private static partial Regex Other();
}
