namespace Tributary.Cluster;

/// <summary>What is not compiled on Microsoft Orleans, so that a run there counts and names it.</summary>
public sealed class EmbeddedOnly
{
    [SkippableTheory]
    [InlineData("Simulation", "whole clusters in simulated time: Microsoft Orleans has no clock, network and threads that a test could give it")]
    [InlineData("SourcePolicyTest", "policies of the stream's grain by an injected clock, which Microsoft Orleans' timers do not follow")]
    public void Is_left_out(string what, string why) => Skip.If(true, $"{what}: {why}");
}
