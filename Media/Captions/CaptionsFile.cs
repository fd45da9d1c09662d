namespace Tributary.Media.Captions;

/// <summary>Captions of a file, in the order of their start, as WebVTT cues.</summary>
/// <param name="Cues">The cues.</param>
/// <param name="Header">
/// What stands in WebVTT between the letters <c>WEBVTT</c> and the first cue, with \n at line ends: the rest of the first line, STYLE, REGION and NOTE
/// blocks; empty for other formats.
/// </param>
/// <param name="DurationMilliseconds">When the last cue ends.</param>
public sealed record CaptionsFile(IReadOnlyList<CaptionCue> Cues, string Header, long DurationMilliseconds)
{
    /// <summary>A file without a cue: what the path "empty" of a mapping stands for.</summary>
    public static CaptionsFile Empty { get; } = new([], "", 0);
}

/// <summary>One caption.</summary>
/// <param name="Start">When it appears, in milliseconds.</param>
/// <param name="End">When it goes, in milliseconds.</param>
/// <param name="Id">Cue identifier of WebVTT; empty where there is none.</param>
/// <param name="Settings">Cue settings of WebVTT (position, align …), as they stand after the times; empty where there are none.</param>
/// <param name="Text">WebVTT cue text, lines separated by \n.</param>
public sealed record CaptionCue(long Start, long End, string Id, string Settings, string Text);
