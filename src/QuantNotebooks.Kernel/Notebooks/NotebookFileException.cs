namespace QuantNotebooks.Kernel.Notebooks;

/// <summary>A notebook file that cannot be used. The message is one line that names the file and says what is wrong with it.</summary>
internal sealed class NotebookFileException(string path, string problem) : Exception($"{path}: {problem}");
