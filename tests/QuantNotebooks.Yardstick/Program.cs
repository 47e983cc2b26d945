using System.Globalization;
using QuantNotebooks;
using QuantNotebooks.Yardstick;

// Corrections beside quantization-aware training: dotnet run -c Release --project tests/QuantNotebooks.Yardstick -- [FILE.md] [options]
// Equalization, method by method: the same with the word 'equalization' before the file; pruning by magnitude: with the word 'pruning'.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
try
{
    if (args is ["equalization", .. var words])
    {
        EqualizationStudy.Run(EqualizationSettings.Parse(words));
        return 0;
    }
    if (args is ["pruning", .. var rest])
    {
        PruningStudy.Run(rest);
        return 0;
    }
    var settings = Settings.Parse(args);
    var study = new Study(settings);
    if (settings.Search == "equalization") study.SearchEqualization();
    else if (settings.Search is not null) study.SearchRates();
    else study.Run();
    return 0;
}
catch (QuantNotebooksException error)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}
