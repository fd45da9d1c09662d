namespace Tributary.Gateway.ApiV3;

/// <summary>Why there is no manifest: a number of the platform, and words for the head of the answer.</summary>
sealed class ManifestErrorException(int number, string message) : Exception(message)
{
    public int Number => number;
}
