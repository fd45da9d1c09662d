using System.Collections.Immutable;

namespace Orleans.Metadata;

/// <summary>What a grain class says about itself, as text.</summary>
[GenerateSerializer, Immutable]
public sealed class GrainProperties(ImmutableDictionary<string, string> values)
{
    [Id(0)]
    public ImmutableDictionary<string, string> Properties { get; } = values;
}
