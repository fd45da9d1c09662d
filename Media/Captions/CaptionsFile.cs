namespace Tributary.Media.Captions;

/// <summary>Captions of a file, in the order of their start, as WebVTT cues.</summary>
/// <param name="Cues">The cues.</param>
/// <param name="Header">What stands before the first cue of WebVTT (STYLE and REGION blocks), without the line <c>WEBVTT</c>; empty for other formats.</param>
/// <param name="DurationMilliseconds">When the last cue ends.</param>
public sealed record CaptionsFile(IReadOnlyList<CaptionCue> Cues, string Header, long DurationMilliseconds);

/// <summary>One caption.</summary>
/// <param name="Start">When it appears, in milliseconds.</param>
/// <param name="End">When it goes, in milliseconds.</param>
/// <param name="Id">Cue identifier of WebVTT; empty where there is none.</param>
/// <param name="Settings">Cue settings of WebVTT (position, align …), as they stand after the times; empty where there are none.</param>
/// <param name="Text">WebVTT cue text, lines separated by \n.</param>
public sealed record CaptionCue(long Start, long End, string Id, string Settings, string Text);
