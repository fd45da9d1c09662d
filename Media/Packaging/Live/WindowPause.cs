namespace Tributary.Media.Packaging.Live;

/// <summary>Why a stream's frames stop.</summary>
public enum WindowPause
{
    /// <summary>The source is lost; the stream may go on.</summary>
    SourceLost,

    /// <summary>The stream is over.</summary>
    OffAir,
}
