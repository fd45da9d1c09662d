using System.Net;

namespace Tributary.Grains.KLive;

/// <summary>A publisher that says it is the encoder of an entry.</summary>
/// <param name="Entry">The entry's id.</param>
/// <param name="Partner">The partner that it names; 0: none.</param>
/// <param name="Token">What it shows. Never for logs.</param>
/// <param name="Index">0 primary, 1 backup.</param>
/// <param name="Suffix">What follows the id in the stream's name.</param>
/// <param name="Application">Where it connected: kLive; empty where the stream's name alone is an entry's.</param>
public sealed record EntryClaim(string Entry, int Partner, string Token, int Index, string Suffix, string Application, IPAddress Address)
{
    /// <summary>Whether a name can be an entry's: <c>0_</c> or <c>1_</c> and eight letters, digits or underscores.</summary>
    public static bool IsEntryId(string name) =>
        name.Length == 10 && name[0] is '0' or '1' && name[1] == '_' && name.Skip(2).All(static letter => char.IsAsciiLetterOrDigit(letter) || letter == '_');

    public override string ToString() => $"{Entry} index {Index} of partner {Partner}";
}

public enum EntryVerdict
{
    /// <summary>No entry has that name: the stream is one like any other.</summary>
    NoEntry,

    Admitted,

    /// <summary>The token is wrong.</summary>
    WrongToken,

    Refused,

    /// <summary>The platform does not answer, and was not asked about this one lately.</summary>
    Unanswered,
}

/// <summary>What is decided of a claim, with a sentence for who is refused and the partner of who is not.</summary>
public sealed record EntryAnswer(EntryVerdict Verdict, string Sentence, int Partner)
{
    public static EntryAnswer None { get; } = new(EntryVerdict.NoEntry, "", 0);

    /// <summary>Whether what is published is recorded.</summary>
    public bool Records { get; init; }

    public bool IsRefusal => Verdict is not (EntryVerdict.NoEntry or EntryVerdict.Admitted);
}

/// <summary>An entry that is published here, as primary or backup.</summary>
/// <param name="Records">Whether it is recorded while the platform does not say.</param>
public readonly record struct EntryPlace(string Entry, int Partner, int Index, string Application, bool Records = false);
