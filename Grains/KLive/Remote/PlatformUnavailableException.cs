namespace Tributary.Grains.KLive.Remote;

/// <summary>Another cluster's platform did not answer, or not as one does: what was asked may be asked again.</summary>
public sealed class PlatformUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
