using QuantNotebooks.Images;

namespace QuantNotebooks.Evaluation;

/// <summary>Finds which class of a network a named label of an image set is.</summary>
internal static class LabelMatching
{
    /// <summary>For each of the set's named labels the class of that name; null when the labels are numbers of classes, or there are none.</summary>
    /// <exception cref="QuantNotebooksException">A label is no class of the network, or the name of several.</exception>
    public static int[]? ClassOf(ImageSet images, ClassificationTask task, string network)
    {
        if (images.LabelNames is not { } names)
            return null;
        var classes = new int[names.Count];
        for (var label = 0; label < classes.Length; label++)
            classes[label] = Find(names[label], images, task, network);
        return classes;
    }

    private static int Find(string name, ImageSet images, ClassificationTask task, string network)
    {
        const int shown = 5;
        var labels = task.Labels.AsSpan();
        var found = labels.IndexOf(name);
        if (found < 0)
        {
            var first = string.Join(", ", task.Labels.Take(shown).Select(label => $"'{label}'"));
            throw new QuantNotebooksException(
                $"The images of '{images.Name}' are labelled '{name}', which is no class of '{network}': its sidecar names {first}{(labels.Length > shown ? ", ..." : "")}{Spelling.DidYouMean(name, labels)}");
        }

        return labels[(found + 1)..].Contains(name)
            ? throw new QuantNotebooksException(
                $"The images of '{images.Name}' are labelled '{name}', and several classes of '{network}' have that name; label them with the class's number, 0 to {FormattableString.Invariant($"{labels.Length - 1}")}.")
            : found;
    }
}
