namespace Tributary.Gateway.Live;

/// <summary>What came of asking for a stream.</summary>
public enum WindowOutcome
{
    Open,

    /// <summary>The stream is not on air.</summary>
    OffAir,

    /// <summary>The gateway follows as many streams as it may.</summary>
    LimitReached,

    /// <summary>The cluster does not answer.</summary>
    Unavailable,
}
