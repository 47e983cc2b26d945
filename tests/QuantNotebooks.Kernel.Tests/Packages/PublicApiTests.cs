using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Packages;

/// <summary>
/// The public surface of each package and its reference are files of the repository, so that a change of them is seen in review. Written anew by
/// <c>QUANT_NOTEBOOKS_APPROVE=1 dotnet test tests/QuantNotebooks.Kernel.Tests --filter PublicApiTests</c>.
/// </summary>
public sealed class PublicApiTests
{
    public static TheoryData<string> Packages => ["QuantNotebooks.Core", "QuantNotebooks.Training", "QuantNotebooks.Notebook", "QuantNotebooks.Interactive"];

    [Theory]
    [MemberData(nameof(Packages))]
    public void ThePublicApiIsTheApprovedOne(string package) => Approved.Check(PublicApi.Of(package).Text, "src", package, "PublicApi.txt");

    [Theory]
    [MemberData(nameof(Packages))]
    public void TheReferenceIsThatOfTheDocumentation(string package) => Approved.Check(ApiReference.Of(package, PublicApi.Of(package)), "docs", "api", package + ".md");

    // Results are read by several threads and kept by notebooks: what they hold must not change.
    [Fact]
    public void NoPropertyOfCoreCanBeSetAfterwards() => Assert.Empty(
        PublicApi.Of("QuantNotebooks.Core").Types.SelectMany(PublicApi.MembersOf).OfType<Microsoft.CodeAnalysis.IPropertySymbol>()
            .Where(property => property.SetMethod is { IsInitOnly: false, DeclaredAccessibility: Microsoft.CodeAnalysis.Accessibility.Public }).Select(property => property.ToDisplayString()));
}
