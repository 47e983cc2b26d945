using System.Reflection.PortableExecutable;
using Microsoft.CodeAnalysis;

namespace QuantNotebooks.Kernel.Scripting;

/// <summary>What a compiler reads of an assembly's file.</summary>
internal static class MetadataFile
{
    /// <summary>
    /// Refers to an assembly. Reads its metadata now and leaves the file alone afterwards. Its code is not read, which is
    /// most of such a file.
    /// </summary>
    /// <param name="path">The assembly's file.</param>
    /// <param name="documentation">Explains its members; null for nobody.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="BadImageFormatException">It holds no assembly.</exception>
    public static MetadataReference Reference(string path, DocumentationProvider? documentation = null) =>
        AssemblyMetadata.CreateFromStream(File.OpenRead(path), PEStreamOptions.PrefetchMetadata).GetReference(documentation, filePath: path);
}
