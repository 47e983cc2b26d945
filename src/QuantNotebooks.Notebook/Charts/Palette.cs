namespace QuantNotebooks.Notebook.Charts;

/// <summary>Colours that colour-blind readers tell apart (after Okabe and Ito, 2008), in a brightness that shows on white and on black.</summary>
internal static class Palette
{
    public const string Blue = "#2b8cc9";
    public const string Orange = "#e08214";
    public const string Green = "#1b9e77";
    public const string Grey = "#8a8f98";

    /// <summary>Marks that lie on orange and blue bars and reach beyond them, onto a light page or a dark one: at least 2 to 1 beside each.</summary>
    public const string OnBars = "#505050";

    /// <summary>For readers' eyes on a control: its face stays light in dark notebooks, so its text must stay dark.</summary>
    public const string ControlFace = "#e9edf2";
    public const string ControlText = "#1f2328";

    /// <summary>A colour that lets what lies below or in it show through.</summary>
    public static string Faint(string colour) => colour + "59";

    /// <summary>Negative blue, zero light grey, positive orange: gaps show the page and stay distinct from zero on light and dark.</summary>
    public static object[] Diverging { get; } =
    [
        new object[] { 0.0, "#08519c" }, new object[] { 0.25, "#5aa5d8" }, new object[] { 0.5, "#ececec" },
        new object[] { 0.75, "#f2a654" }, new object[] { 1.0, "#b34700" },
    ];
}
