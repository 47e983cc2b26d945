using System.Net;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using QuantNotebooks.Kernel.Magics;
using QuantNotebooks.Kernel.Scripting;

namespace QuantNotebooks.Kernel.Notebooks;

/// <summary>A cell as HTML with a span around what has a colour: k keyword, s string, n number, c comment, d directive or magic, t type, m method.</summary>
internal static class CellColouring
{
    /// <summary>Colours a cell, whose C# need not be correct. Everything is escaped; without its tags the result is the cell.</summary>
    public static string ToHtml(string cell)
    {
        var html = new StringBuilder(cell.Length * 2);
        foreach (var (kind, text) in CellParts.Pieces(cell))
            if (kind == PlaceKind.Code) AppendCode(html, text);
            else Append(html, text, kind == PlaceKind.Magic ? "d" : null);
        return html.ToString();
    }

    private static void AppendCode(StringBuilder html, string code)
    {
        var root = CSharpSyntaxTree.ParseText(code, CellSyntax.ParseOptions).GetRoot();
        foreach (var token in root.DescendantTokens())
        {
            Append(html, token.LeadingTrivia);
            Append(html, token.Text, ClassOf(token));
            Append(html, token.TrailingTrivia);
        }
    }

    private static void Append(StringBuilder html, SyntaxTriviaList trivia)
    {
        foreach (var piece in trivia)
        {
            var kind = piece.Kind();
            var isComment = kind is SyntaxKind.SingleLineCommentTrivia or SyntaxKind.MultiLineCommentTrivia
                or SyntaxKind.SingleLineDocumentationCommentTrivia or SyntaxKind.MultiLineDocumentationCommentTrivia;
            Append(html, piece.ToFullString(), isComment ? "c" : piece.IsDirective ? "d" : null);
        }
    }

    private static void Append(StringBuilder html, string text, string? cssClass)
    {
        if (text.Length == 0) return;
        if (cssClass is null) html.Append(WebUtility.HtmlEncode(text));
        else html.Append("<span class=\"").Append(cssClass).Append("\">").Append(WebUtility.HtmlEncode(text)).Append("</span>");
    }

    private static string? ClassOf(SyntaxToken token)
    {
        var kind = token.Kind();
        if (token.IsKeyword() || token.IsContextualKeyword()) return "k";
        switch (kind)
        {
            case SyntaxKind.NumericLiteralToken:
                return "n";
            case SyntaxKind.StringLiteralToken or SyntaxKind.CharacterLiteralToken or SyntaxKind.Utf8StringLiteralToken
                or SyntaxKind.SingleLineRawStringLiteralToken or SyntaxKind.MultiLineRawStringLiteralToken
                or SyntaxKind.InterpolatedStringStartToken or SyntaxKind.InterpolatedStringEndToken or SyntaxKind.InterpolatedStringTextToken
                or SyntaxKind.InterpolatedVerbatimStringStartToken or SyntaxKind.InterpolatedSingleLineRawStringStartToken
                or SyntaxKind.InterpolatedMultiLineRawStringStartToken or SyntaxKind.InterpolatedRawStringEndToken:
                return "s";
            case SyntaxKind.IdentifierToken:
                return ClassOfIdentifier(token);
            default:
                return null;
        }
    }

    // By position alone, for nothing is bound here.
    private static string? ClassOfIdentifier(SyntaxToken token) => token.Parent switch
    {
        IdentifierNameSyntax { IsVar: true } => "k",
        BaseTypeDeclarationSyntax => "t",
        MethodDeclarationSyntax or LocalFunctionStatementSyntax => "m",
        SimpleNameSyntax { Parent: InvocationExpressionSyntax call } name when call.Expression == name => "m",
        SimpleNameSyntax { Parent: MemberAccessExpressionSyntax { Parent: InvocationExpressionSyntax call } access } name
            when call.Expression == access && access.Name == name => "m",
        SimpleNameSyntax name when IsType(name) => "t",
        _ => null,
    };

    private static bool IsType(SimpleNameSyntax name) => name.Parent switch
    {
        VariableDeclarationSyntax declaration => declaration.Type == name,
        ParameterSyntax parameter => parameter.Type == name,
        MethodDeclarationSyntax method => method.ReturnType == name,
        LocalFunctionStatementSyntax function => function.ReturnType == name,
        PropertyDeclarationSyntax property => property.Type == name,
        CastExpressionSyntax cast => cast.Type == name,
        ForEachStatementSyntax loop => loop.Type == name,
        ObjectCreationExpressionSyntax or ArrayTypeSyntax or NullableTypeSyntax or TypeArgumentListSyntax or SimpleBaseTypeSyntax
            or TypeOfExpressionSyntax or DeclarationPatternSyntax => true,
        // The language's habit: Type.Member has a capital, variable.Member has none.
        MemberAccessExpressionSyntax access => access.Expression == name && char.IsUpper(name.Identifier.ValueText.FirstOrDefault()),
        _ => name is GenericNameSyntax,
    };
}
