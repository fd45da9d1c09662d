namespace Tributary.Grains.ServerNodes;

/// <summary>Answers on whichever silo is asked, without state or directory: whether grains run there at all. The key is 0.</summary>
[Alias("tributary.pulse")]
public interface IPulseGrain : IGrainWithIntegerKey
{
    [Alias("beat")]
    Task Beat();
}
