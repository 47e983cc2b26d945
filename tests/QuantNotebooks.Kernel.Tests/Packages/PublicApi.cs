using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace QuantNotebooks.Kernel.Tests.Packages;

/// <summary>What a package's assembly offers to the outside, as the compiler sees it.</summary>
internal sealed class PublicApi
{
    private static readonly SymbolDisplayFormat TypeFormat = new(
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypes,
        genericsOptions: SymbolDisplayGenericsOptions.IncludeTypeParameters | SymbolDisplayGenericsOptions.IncludeTypeConstraints | SymbolDisplayGenericsOptions.IncludeVariance,
        kindOptions: SymbolDisplayKindOptions.IncludeTypeKeyword,
        delegateStyle: SymbolDisplayDelegateStyle.NameAndSignature,
        parameterOptions: SymbolDisplayParameterOptions.IncludeType | SymbolDisplayParameterOptions.IncludeName,
        miscellaneousOptions: Options);

    private static readonly SymbolDisplayFormat MemberFormat = new(
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypes,
        genericsOptions: SymbolDisplayGenericsOptions.IncludeTypeParameters | SymbolDisplayGenericsOptions.IncludeTypeConstraints,
        memberOptions: SymbolDisplayMemberOptions.IncludeType | SymbolDisplayMemberOptions.IncludeParameters | SymbolDisplayMemberOptions.IncludeModifiers
            | SymbolDisplayMemberOptions.IncludeConstantValue | SymbolDisplayMemberOptions.IncludeRef,
        parameterOptions: SymbolDisplayParameterOptions.IncludeType | SymbolDisplayParameterOptions.IncludeName | SymbolDisplayParameterOptions.IncludeDefaultValue
            | SymbolDisplayParameterOptions.IncludeParamsRefOut | SymbolDisplayParameterOptions.IncludeExtensionThis,
        propertyStyle: SymbolDisplayPropertyStyle.ShowReadWriteDescriptor,
        miscellaneousOptions: Options);

    private const SymbolDisplayMiscellaneousOptions Options =
        SymbolDisplayMiscellaneousOptions.UseSpecialTypes | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier | SymbolDisplayMiscellaneousOptions.EscapeKeywordIdentifiers;

    private PublicApi(IAssemblySymbol assembly) => Types =
        [.. TypesOf(assembly.GlobalNamespace).OrderBy(type => type.ContainingNamespace.ToDisplayString(), StringComparer.Ordinal).ThenBy(type => type.ToDisplayString(), StringComparer.Ordinal)];

    /// <summary>Namespace by namespace, in the alphabet's order.</summary>
    public IReadOnlyList<INamedTypeSymbol> Types { get; }

    /// <summary>One line a type and a member.</summary>
    public string Text
    {
        get
        {
            var text = new StringBuilder();
            foreach (var group in Types.GroupBy(type => type.ContainingNamespace.ToDisplayString()))
            {
                text.Append(group.Key).Append('\n');
                foreach (var type in group)
                {
                    text.Append("  ").Append(Signature(type)).Append('\n');
                    foreach (var member in MembersOf(type)) text.Append("    ").Append(Signature(member)).Append('\n');
                }
            }
            return text.ToString();
        }
    }

    /// <summary>That of an assembly beside the tests, with its XML documentation.</summary>
    public static PublicApi Of(string assembly)
    {
        var path = Path.Combine(AppContext.BaseDirectory, assembly + ".dll");
        var reference = MetadataReference.CreateFromFile(path, documentation: XmlDocumentationProvider.CreateFromFile(Path.ChangeExtension(path, ".xml")));
        var others = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Where(other => other != path)
            .Select(other => MetadataReference.CreateFromFile(other));
        var compilation = CSharpCompilation.Create("api", references: [reference, .. others]);
        return new PublicApi((IAssemblySymbol)compilation.GetAssemblyOrModuleSymbol(reference)!);
    }

    /// <summary>The members that a user can see, without those that the compiler writes into every record.</summary>
    public static IEnumerable<ISymbol> MembersOf(INamedTypeSymbol type) => type.TypeKind == TypeKind.Delegate ? [] : type.GetMembers()
        .Where(member => IsVisible(member) && !member.IsImplicitlyDeclared && !IsWrittenByTheCompiler(member))
        .Where(member => member is IPropertySymbol or IFieldSymbol or IEventSymbol
            or IMethodSymbol { MethodKind: MethodKind.Ordinary or MethodKind.Constructor or MethodKind.UserDefinedOperator or MethodKind.Conversion })
        .Where(member => type.TypeKind != TypeKind.Enum || member is IFieldSymbol)
        // Constructors first; the words of an enumeration in their own order.
        .OrderBy(member => type.TypeKind == TypeKind.Enum || member is IMethodSymbol { MethodKind: MethodKind.Constructor } ? "" : member.Name, StringComparer.Ordinal)
        .ThenBy(member => type.TypeKind == TypeKind.Enum ? "" : member.ToDisplayString(MemberFormat), StringComparer.Ordinal);

    /// <summary>A type's head or a member, as C# writes it.</summary>
    public static string Signature(ISymbol symbol)
    {
        if (symbol is not INamedTypeSymbol type) return (symbol.DeclaredAccessibility == Accessibility.Public ? "" : "protected ") + symbol.ToDisplayString(MemberFormat);
        var modifiers = type switch
        {
            { IsStatic: true } => "static ",
            { TypeKind: TypeKind.Class, IsAbstract: true } => "abstract ",
            { TypeKind: TypeKind.Class, IsSealed: true } => "sealed ",
            _ => "",
        };
        IEnumerable<INamedTypeSymbol> bases = [.. type.BaseType is { SpecialType: SpecialType.None, Name: not "Enum" } parent ? [parent] : (INamedTypeSymbol[])[], .. type.Interfaces];
        var names = type.TypeKind is TypeKind.Enum or TypeKind.Delegate ? "" : string.Join(", ", bases
            .Where(parent => !(parent is { Name: "IEquatable", TypeArguments: [var own] } && SymbolEqualityComparer.Default.Equals(own, type))).Select(parent => parent.ToDisplayString(MemberFormat)));
        // The compiler's text says that a struct is read only, and not that it is a record.
        var kind = type is { TypeKind: TypeKind.Struct, IsRecord: true } ? type.ToDisplayString(TypeFormat).Replace("struct ", "record struct ", StringComparison.Ordinal) : type.ToDisplayString(TypeFormat);
        return modifiers + kind + (names.Length > 0 ? " : " + names : "");
    }

    private static IEnumerable<INamedTypeSymbol> TypesOf(INamespaceOrTypeSymbol container)
    {
        foreach (var type in container.GetTypeMembers().Where(IsVisible))
        {
            // The compiler's blocks of extension members have names that nobody can write.
            if (type.CanBeReferencedByName) yield return type;
            foreach (var nested in TypesOf(type)) yield return nested;
        }
        if (container is not INamespaceSymbol space) yield break;
        foreach (var type in space.GetNamespaceMembers().SelectMany(TypesOf)) yield return type;
    }

    private static bool IsVisible(ISymbol symbol) => symbol.DeclaredAccessibility is Accessibility.Public
        || symbol.DeclaredAccessibility is Accessibility.Protected or Accessibility.ProtectedOrInternal && symbol.ContainingType is { IsSealed: false };

    private static bool IsWrittenByTheCompiler(ISymbol symbol) => symbol.GetAttributes().Any(attribute => attribute.AttributeClass?.Name == "CompilerGeneratedAttribute");
}
