namespace Orleans.Serialization;

/// <summary>Which exceptions travel as what they are. Here all do: of what Orleans lets one choose, nothing applies.</summary>
public class ExceptionSerializationOptions
{
    public HashSet<string> SupportedNamespacePrefixes { get; } = new(StringComparer.Ordinal) { "Microsoft", "System", "Azure" };
}
