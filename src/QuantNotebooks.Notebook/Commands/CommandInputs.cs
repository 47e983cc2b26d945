using System.Globalization;
using QuantNotebooks.Export;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Notebook.Commands;

/// <summary>A command's arguments and host, and what the arguments name: networks and images.</summary>
internal sealed class CommandInputs(CommandArguments arguments, ICommandHost host)
{
    private readonly List<Network> _networks = [];

    public CommandArguments Arguments => arguments;

    public ICommandHost Host => host;

    public QuantizationScheme Scheme => SchemeOptions.SchemeOf(arguments);

    public IProgress<SweepProgress> Progress(string activity) => host.Progress(activity);

    public Network Network() => Network(arguments.Subjects[0]);

    /// <summary>The network in the host's variable of that name, or of the result that is in it; else in the file.</summary>
    public Network Network(string subject)
    {
        var keepDead = arguments.Get(CommonOptions.KeepDeadChannels);
        var variable = NetworkVariable(subject);
        if (variable is not null && keepDead)
            throw new CommandUsageException($"{CommonOptions.KeepDeadChannels.Name} is for networks that are read from a file, and '{subject}' is a variable.");
        var network = variable ?? Networks.Network.Load(subject, new LoadOptions { KeepDeadChannels = keepDead }, host.Cancellation);
        _networks.Add(network);
        return network;
    }

    /// <summary>Refuses a file for the result that can't be written or is the network itself, before any work is done.</summary>
    public void RequireNewFile(CommandOption<string> option, string target)
    {
        ReportFile.RequireWritable(target);
        if (Path.GetFullPath(target) == Path.GetFullPath(arguments.Subjects[0]))
            throw new CommandUsageException($"{option.Name} '{target}' is the network itself; give another name, or the original is lost.");
    }

    /// <summary>Writes a derived network where an option asks for it, and says so.</summary>
    /// <param name="option">Names the file.</param>
    /// <param name="network">The network.</param>
    /// <param name="isWhole">Whether it is a result of the whole command; one that it was stopped at is not written.</param>
    public void Save(CommandOption<string> option, Network network, bool isWhole = true)
    {
        if (arguments.Get(option) is not { } target) return;
        host.Note(isWhole && TrySave(network, target) ? $"written: {target}" : $"not written, for it was stopped: {target}");
    }

    private bool TrySave(Network network, string target)
    {
        try
        {
            // What is kept of a command that was stopped before is written to its end.
            network.Save(target, host.Cancellation.IsCancellationRequested ? CancellationToken.None : host.Cancellation);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>The network in the host's variable of that name, or of the result that is in it; null where there is no such variable.</summary>
    public Network? NetworkVariable(string name) => host.FindVariable(name) is { } value
        ? value as Network ?? NetworkOf(value) ?? throw WrongType(name, value, "a network, or a result that holds one")
        : null;

    public ImageSet Images() => Part(CommonOptions.Images, CommonOptions.Count);

    /// <summary>The whole set that an option names, or its first images.</summary>
    public ImageSet Part(CommandOption<string> set, CommandOption<int> count)
    {
        var images = Set(set);
        if (!arguments.IsGiven(count)) return Whole(images);
        var wanted = arguments.Get(count);
        if (wanted > images.Count)
            host.Note(string.Create(CultureInfo.InvariantCulture, $"{count.Name} {wanted}: '{images.Name}' has only {images.Count} images; all are taken."));
        return Whole(images.Take(wanted));
    }

    /// <summary>The images, without the broken ones where that is asked for; those are named to the user.</summary>
    private ImageSet Whole(ImageSet images)
    {
        const int named = 5;
        if (!arguments.Get(CommonOptions.SkipBroken)) return images;
        var whole = images.WithoutBroken(host.Cancellation);
        foreach (var skipped in whole.Skipped.Take(named)) host.Note($"skipped: {skipped.Reason}");
        if (whole.Skipped.Count > named) host.Note(string.Create(CultureInfo.InvariantCulture, $"skipped: {whole.Skipped.Count - named} more."));
        return whole;
    }

    /// <summary>Tells the user when what a network carries from calibration or correction belongs to another scheme.</summary>
    public void WarnOfOtherScheme(Network network, QuantizationScheme scheme)
    {
        if (network.MismatchWith(scheme) is { } mismatch) host.Note("warning: " + mismatch);
    }

    /// <summary>The first --count images, and the --held-out images that follow; without --count all but the last --held-out ones.</summary>
    public (ImageSet Images, ImageSet? HeldOut) ImagesAndHeldOut()
    {
        var option = CommonOptions.HeldOut;
        if (!arguments.IsGiven(option)) return (Images(), null);
        var heldOut = arguments.Get(option);
        var all = Whole(Set(CommonOptions.Images));
        var count = arguments.IsGiven(CommonOptions.Count) ? arguments.Get(CommonOptions.Count) : Math.Max(1, all.Count - heldOut);
        return (long)count + heldOut <= all.Count
            ? (all.Take(count), all.Skip(count).Take(heldOut))
            : throw new CommandUsageException(string.Create(CultureInfo.InvariantCulture,
                $"{option.Name} {heldOut} wants images after the first {count} of '{all.Name}', and there are {Math.Max(0, all.Count - count)} (of {all.Count} in all)."));
    }

    /// <summary>
    /// The calibration images for networks of which some may carry their own ranges; null where none needs them. Tells the user when images
    /// would be both calibrated and tested on.
    /// </summary>
    public ImageSet? Calibration(IReadOnlyCollection<Network> networks, IReadOnlyCollection<QuantizationScheme> schemes, ImageSet test)
    {
        foreach (var carrier in networks.Where(network => network.Ranges is { } ranges && ranges.ImageCount == test.Count && ranges.ImagesSha256 == test.Sha256))
            host.Note($"warning: '{carrier.Name}' was calibrated on these very images; its result on them says little about others.");
        // Weights alone need no images.
        var needy = networks.Where(network => network.Ranges is null && schemes.Any(scheme => scheme.QuantizesActivations)).ToList();
        var given = arguments.IsGiven(CommonOptions.Calibration);
        var own = string.Join(", ", networks.Where(network => network.Ranges is not null).Select(network => $"'{network.Name}'"));
        if (own.Length > 0 && given) host.Note($"{own} carries its own calibrated ranges; {CommonOptions.Calibration.Name} is ignored for it.");
        if (needy.Count == 0) return null;
        if (!given)
            throw new CommandUsageException(
                $"{CommonOptions.Calibration.Name} is missing: '{needy[0].Name}' carries no calibrated ranges, so images other than the test's must set them.");
        var calibration = Part(CommonOptions.Calibration, CommonOptions.CalibrationCount);
        if (SamePlace(calibration.Path, test.Path) || calibration.HasSameImagesAs(test))
            host.Note($"warning: {CommonOptions.Calibration.Name} and {CommonOptions.Images.Name} are the same set; calibrate on other images, or the result is too good.");
        return calibration;
    }

    private ImageSet Set(CommandOption<string> option)
    {
        var name = arguments.Get(option)!;
        var images = host.FindVariable(name) switch
        {
            null => ImageSet.Load(name),
            ImageSet variable => variable,
            var other => throw WrongType(name, other, $"the images of {option.Name}"),
        };
        WarnOfOtherKind(images);
        return images;
    }

    /// <summary>Tells the user when a reader of text is given pictures of classes, or a classifier lines of text: it runs, and its figures mean nothing.</summary>
    private void WarnOfOtherKind(ImageSet images)
    {
        foreach (var network in _networks)
        {
            var (does, are) = network.Task?.Task switch
            {
                CtcTask when images.Labels is not null => ("reads lines of text", "are labelled with classes"),
                ClassificationTask when images.Texts is not null => ("tells classes apart", "come with the text on them"),
                _ => default,
            };
            if (does is not null) host.Note($"warning: '{network.Name}' {does}, and the images of '{images.Name}' {are}; they are likely none for this network, and then what is measured means little.");
        }
    }

    // Every result of an operation that makes a network, such as an equalization, has it as a property.
    private static Network? NetworkOf(object result) => result.GetType().GetProperty(nameof(Network), typeof(Network))?.GetValue(result) as Network;

    private static CommandUsageException WrongType(string name, object value, string wanted) =>
        new($"the variable '{name}' is of type {value.GetType().Name}; wanted is {wanted}.");

    // The same path, or a file of a folder and the folder.
    private static bool SamePlace(string one, string other)
    {
        var (first, second) = (Full(one), Full(other));
        return first == second || Path.GetDirectoryName(first) == second || Path.GetDirectoryName(second) == first;

        static string Full(string path) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
    }
}
