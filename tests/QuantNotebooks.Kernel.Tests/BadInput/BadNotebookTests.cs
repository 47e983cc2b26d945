using QuantNotebooks.Kernel.Tests.CommandLine;

namespace QuantNotebooks.Kernel.Tests.BadInput;

/// <summary>Bad notebooks and connection files. Running a notebook changes the process's current directory, so nothing else runs beside.</summary>
[Collection(nameof(RunCommandTests))]
public sealed class BadNotebookTests(BadFiles files) : IClassFixture<BadFiles>
{
    public static TheoryData<string, string> Notebooks => Transcript.Read("notebooks");

    [Theory]
    [MemberData(nameof(Notebooks))]
    public Task IsRefusedInTheseWords(string input, string expected) => BadCommandTests.RefusedAsync(files, input, expected);
}
