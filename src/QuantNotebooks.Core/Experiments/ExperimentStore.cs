using QuantNotebooks.Export;

namespace QuantNotebooks.Experiments;

/// <summary>Results in a folder, a file each, named after the hash of what it depends on; written whole or not at all, so several processes may share it.</summary>
internal sealed class ExperimentStore
{
    private readonly string _folder;

    /// <param name="folder">Made where it is missing.</param>
    /// <exception cref="QuantNotebooksException">It can't be made.</exception>
    public ExperimentStore(string folder)
    {
        _folder = folder;
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new QuantNotebooksException($"The folder '{folder}' for results can't be made: {error.Message}", error);
        }
    }

    /// <summary>The result of that hash under the names that this plan gives it; null where there is none.</summary>
    /// <exception cref="QuantNotebooksException">There is a file and it holds no result.</exception>
    public ExperimentResult? Find(Experiment experiment, string key)
    {
        var file = FileOf(key);
        if (!File.Exists(file)) return null;
        try
        {
            return ExperimentJson.Read(File.ReadAllText(file), $"'{file}'") with { Network = experiment.Network.Name, Method = experiment.Method.Name };
        }
        catch (QuantNotebooksException error)
        {
            throw new QuantNotebooksException($"{error.Message.TrimEnd('.')}: it is no result; delete the file, and the experiment runs again.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new QuantNotebooksException($"'{file}' can't be read: {error.Message}", error);
        }
    }

    public void Add(ExperimentResult result) => ReportFile.Write(FileOf(result.Key), ExperimentJson.Write(result));

    private string FileOf(string key) => Path.Combine(_folder, key + ".json");
}
