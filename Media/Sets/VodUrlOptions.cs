namespace Tributary.Media.Sets;

/// <summary>Names of parameters in URLs, and how URLs in manifests are written.</summary>
public sealed record VodUrlOptions
{
    /// <summary><c>force_sequence_index</c>: <c>-f1</c> also where there is one sequence.</summary>
    public bool ForceSequenceIndex { get; init; }

    public string MultiUriSuffix { get; init; } = ".urlset";

    public string ClipFromName { get; init; } = "clipFrom";

    public string ClipToName { get; init; } = "clipTo";

    public string TracksName { get; init; } = "tracks";

    public string TimeShiftName { get; init; } = "shift";

    public string SpeedName { get; init; } = "speed";

    public string LanguageName { get; init; } = "lang";
}
