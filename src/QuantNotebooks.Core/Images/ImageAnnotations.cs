namespace QuantNotebooks.Images;

/// <summary>The right answers that come with images.</summary>
internal sealed record ImageAnnotations
{
    public static readonly ImageAnnotations None = new();

    /// <summary>One label an image, or null when the images have none.</summary>
    public int[]? Labels { get; private init; }

    /// <summary>The name of each label, or null when labels are the numbers of classes.</summary>
    public ValueList<string>? LabelNames { get; private init; }

    /// <summary>One text an image, or null when the images have none.</summary>
    public string[]? Texts { get; private init; }

    /// <summary>Those of some of the images.</summary>
    public ImageAnnotations At(int[] indices) => this with
    {
        Labels = Labels is { } labels ? Array.ConvertAll(indices, index => labels[index]) : null,
        Texts = Texts is { } texts ? Array.ConvertAll(indices, index => texts[index]) : null,
    };

    public static ImageAnnotations OfTexts(string[] texts) => new() { Texts = texts };

    public static ImageAnnotations OfClasses(int[]? labels) => labels is null ? None : new() { Labels = labels };

    /// <summary>
    /// Labels that are words. If all are whole numbers they are the numbers of classes; otherwise they are numbered in ordinal order and keep
    /// their names.
    /// </summary>
    public static ImageAnnotations OfWords(IReadOnlyList<string> words)
    {
        var labels = new int[words.Count];
        var areNumbers = true;
        for (var i = 0; areNumbers && i < labels.Length; i++)
            areNumbers = int.TryParse(words[i], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out labels[i]);
        if (areNumbers)
            return OfClasses(labels);
        string[] names = [.. words.Distinct().Order(StringComparer.Ordinal)];
        var numberOf = names.Index().ToDictionary(pair => pair.Item, pair => pair.Index, StringComparer.Ordinal);
        return new ImageAnnotations { Labels = [.. words.Select(word => numberOf[word])], LabelNames = [.. names] };
    }
}
