using Tributary.Media.Frames;

namespace Tributary.Media.Packaging.Live;

/// <summary>
/// What players are told of a stream's tracks, where that is not to be what the tracks say themselves. Tracks go by their names: v1, a1, and those of the
/// second rendition v11, a11.
/// </summary>
public sealed class TrackChoice
{
    public static readonly TrackChoice None = new();

    /// <summary>Sounds that are offered, in this order. None named: each once, that of the first rendition and those in another language.</summary>
    public string[] Audio { get; set; } = [];

    /// <summary>Pictures that are offered. None named: all.</summary>
    public string[] Video { get; set; } = [];

    /// <summary>The sound that plays where a viewer has chosen none; empty: the first that is offered.</summary>
    public string DefaultAudio { get; set; } = "";

    /// <summary>What viewers read where they choose, by track.</summary>
    public Dictionary<string, string> Labels { get; set; } = [];

    /// <summary>Languages (BCP 47) by track, in place of what the track says.</summary>
    public Dictionary<string, string> Languages { get; set; } = [];

    /// <summary>Which sounds go with which pictures: the names of both, by a name of your own. None named: every sound goes with every picture. HLS alone can say that.</summary>
    public Dictionary<string, string[]> Groups { get; set; } = [];

    /// <summary>Whether the sound alone is a variant too, for networks that carry no picture.</summary>
    public bool AudioOnly { get; set; }

    /// <summary>Whether every name is one of a track, and every text one that a playlist can hold.</summary>
    public bool IsValid => Audio.Concat(Video).Concat(Groups.Values.SelectMany(static group => group)).Concat(Labels.Keys).Concat(Languages.Keys).All(IsTrack)
        && (DefaultAudio.Length == 0 || IsTrack(DefaultAudio))
        && Groups.Keys.Concat(Labels.Values).All(static text => text.Length is > 0 and <= 80 && !text.Any(static letter => letter == '"' || char.IsControl(letter)))
        && Languages.Values.All(IsLanguage);

    /// <summary>The language of a track; null where nobody says one that players can read.</summary>
    public string? LanguageOf(TrackView track) =>
        (Languages.TryGetValue(track.Name, out var chosen) ? chosen : track.Info.Language) is { } language && IsLanguage(language) ? language : null;

    /// <summary>Null where the choice leaves it to what the tracks are.</summary>
    internal bool? Offers(TrackView track) => (track.Kind == TrackKind.Video ? Video : Audio) is { Length: > 0 } named ? named.Contains(track.Name) : null;

    /// <summary>Sounds as they are offered, the default first.</summary>
    internal List<TrackView> InOrder(IEnumerable<TrackView> sounds) =>
        [.. sounds.OrderBy(sound => sound.Name != DefaultAudio).ThenBy(sound => Array.IndexOf(Audio, sound.Name))];

    static bool IsTrack(string name) => name.Length is 2 or 3 && name[0] is 'v' or 'a' && int.TryParse(name.AsSpan(1), out var number) && number > 0;

    static bool IsLanguage(string text) => text.Length is > 0 and <= 35 && text.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter == '-');
}
