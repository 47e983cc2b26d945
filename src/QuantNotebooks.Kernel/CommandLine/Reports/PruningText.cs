using QuantNotebooks.Equalization;
using QuantNotebooks.Pruning;

namespace QuantNotebooks.Kernel.CommandLine.Reports;

/// <summary>Accuracy against sparsity, as plain text.</summary>
internal static class PruningText
{
    public static void Write(PruningReport report, TextWriter writer)
    {
        var method = report.Options.Factorization!.Value.Text();
        var scope = report.Options.Scope == PruningScope.Layer ? "the same share in every layer" : "one threshold for all layers";
        writer.WriteLine($"{report.Original.Name} pruned, {scope}, plain magnitude beside {method} factors, {Digits.Count(report.Images.Count)} images of '{report.Images.Name}'");
        if (report.StoppedBefore is { } wanted) writer.WriteLine($"Stopped early: these are the first of {Digits.Count(wanted)} images.");
        if (report.OriginalAccuracy is { } original) writer.WriteLine($"not pruned: {Digits.Accuracy(original)} % right");
        writer.WriteLine();
        var table = new TextTable(
            new("sparsity %"), new("accuracy %"), new("factorized"), new("agreement %"), new("factorized"), new("SQNR dB"), new("factorized"));
        foreach (var (plain, factorized) in report.Plain.Zip(report.Factorized))
            table.Add(
                Digits.Percent(factorized.Pruning.Sparsity), Digits.Accuracy(plain.Accuracy), Digits.Accuracy(factorized.Accuracy), Digits.Percent(plain.Agreement),
                Digits.Percent(factorized.Agreement), Digits.Decibels(plain.SqnrDecibels), Digits.Decibels(factorized.SqnrDecibels));
        table.Write(writer);
        writer.WriteLine();
        writer.WriteLine("Each pair: by the smallest |w| of the weights as they are, and by their |w| after equalization (factorized). agreement, SQNR: with the network before");
        writer.WriteLine("pruning; nothing is quantized and nothing is trained. The sparsity of every layer is in --json.");
        writer.WriteLine(report.Finding + ".");
    }
}
