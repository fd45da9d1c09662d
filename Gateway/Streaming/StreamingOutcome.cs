namespace Tributary.Gateway.Streaming;

/// <summary>What came of asking for an endless response.</summary>
public enum StreamingOutcome
{
    Open,

    /// <summary>The stream is not on air.</summary>
    OffAir,

    /// <summary>As many viewers or streams as the gateway may have.</summary>
    LimitReached,

    /// <summary>The cluster does not answer.</summary>
    Unavailable,
}
