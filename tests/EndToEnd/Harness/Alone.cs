namespace Tributary.EndToEnd.Harness;

/// <summary>
/// Tests that need the machine for themselves: a browser that decodes three pictures at once without a graphics card, and a build. They run one
/// after another when all others are through.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
