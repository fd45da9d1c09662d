namespace Tributary.Media.Sources;

/// <summary>How a track's frames are encrypted, as the protection boxes of its sample entry say it (ISO/IEC 14496-12 §8.12, ISO/IEC 23001-7 §8.2).</summary>
/// <param name="Scheme">Four letters: cenc, cbcs …; empty where no scheme is named.</param>
/// <param name="KeyId">default_KID; empty where no track encryption box is there.</param>
/// <param name="IvSize">Bytes of each frame's own initialisation vector; 0 where one is shared.</param>
/// <param name="ConstantIv">The shared initialisation vector; empty where each frame has its own.</param>
public sealed record TrackEncryption(string Scheme, ReadOnlyMemory<byte> KeyId, int IvSize, ReadOnlyMemory<byte> ConstantIv)
{
    /// <summary>The sample entry as it is when frames are decrypted, header included: of its original type, without the protection boxes.</summary>
    public ReadOnlyMemory<byte> ClearEntry { get; init; }
}
