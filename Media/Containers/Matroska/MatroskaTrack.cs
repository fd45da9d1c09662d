using System.Text;
using Tributary.Media.Frames;
using Tributary.Media.Sources;

namespace Tributary.Media.Containers.Matroska;

/// <summary>What a TrackEntry says (RFC 9559 §5.1.4.1).</summary>
sealed record MatroskaTrack
{
    const int VideoType = 1;
    const int AudioType = 2;
    const long LargestSide = 65_535;

    public long Number { get; private set; }

    public TrackKind? Kind { get; private set; }

    public string CodecId { get; private set; } = "";

    public byte[] CodecPrivate { get; private set; } = [];

    /// <summary>Nanoseconds; 0 where it is not said.</summary>
    public long DefaultDuration { get; private set; }

    /// <summary>Nanoseconds that a decoder gives before the first frame's sound.</summary>
    public long CodecDelay { get; private set; }

    public string Name { get; private set; } = "";

    /// <summary>Three letters; English where the file says nothing (§5.1.4.1.19), empty where it says that it does not know.</summary>
    public string Language { get; private set; } = "eng";

    /// <summary>Whether frames are compressed or encrypted beyond their codec.</summary>
    public bool IsEncoded { get; private set; }

    public int Width { get; private set; }

    public int Height { get; private set; }

    public ColourDescription Colour { get; private set; } = ColourDescription.Unspecified;

    public int SampleRate { get; private set; }

    public int Channels { get; private set; } = 1;

    /// <summary>Reads the payload of a TrackEntry. What is missing keeps its default.</summary>
    public static MatroskaTrack Read(ReadOnlySpan<byte> entry)
    {
        var track = new MatroskaTrack();
        var elements = new EbmlReader(entry);
        while (elements.MoveNext())
        {
            track.Take(elements.Id, elements.Payload);
        }

        return track;
    }

    void Take(uint id, ReadOnlySpan<byte> payload)
    {
        switch (id)
        {
            case MatroskaId.TrackNumber:
                Number = Ebml.Unsigned(payload);
                break;
            case MatroskaId.TrackType:
                Kind = Ebml.Unsigned(payload) switch { VideoType => TrackKind.Video, AudioType => TrackKind.Audio, _ => null };
                break;
            case MatroskaId.CodecId:
                CodecId = Text(payload);
                break;
            case MatroskaId.CodecPrivate:
                CodecPrivate = payload.ToArray();
                break;
            case MatroskaId.DefaultDuration:
                DefaultDuration = Ebml.Unsigned(payload);
                break;
            case MatroskaId.CodecDelay:
                CodecDelay = Ebml.Unsigned(payload);
                break;
            case MatroskaId.Name:
                Name = Text(payload);
                break;
            case MatroskaId.Language:
                Language = LanguageOf(Text(payload));
                break;
            case MatroskaId.ContentEncodings:
                IsEncoded = true;
                break;
            case MatroskaId.Video:
                TakeVideo(payload);
                break;
            case MatroskaId.Audio:
                TakeAudio(payload);
                break;
        }
    }

    void TakeVideo(ReadOnlySpan<byte> video)
    {
        var elements = new EbmlReader(video);
        while (elements.MoveNext())
        {
            switch (elements.Id)
            {
                case MatroskaId.PixelWidth:
                    Width = (int)Math.Min(Ebml.Unsigned(elements.Payload), LargestSide);
                    break;
                case MatroskaId.PixelHeight:
                    Height = (int)Math.Min(Ebml.Unsigned(elements.Payload), LargestSide);
                    break;
                case MatroskaId.Colour:
                    TakeColour(elements.Payload);
                    break;
            }
        }
    }

    void TakeColour(ReadOnlySpan<byte> colour)
    {
        var elements = new EbmlReader(colour);
        while (elements.MoveNext())
        {
            var value = (int)Math.Min(Ebml.Unsigned(elements.Payload), 255);
            Colour = elements.Id switch
            {
                MatroskaId.MatrixCoefficients => Colour with { Matrix = value },
                MatroskaId.TransferCharacteristics => Colour with { Transfer = value },
                MatroskaId.Primaries => Colour with { Primaries = value },
                _ => Colour,
            };
        }
    }

    void TakeAudio(ReadOnlySpan<byte> audio)
    {
        var elements = new EbmlReader(audio);
        var output = 0;
        while (elements.MoveNext())
        {
            switch (elements.Id)
            {
                case MatroskaId.SamplingFrequency:
                    SampleRate = Rate(elements.Payload);
                    break;
                case MatroskaId.OutputSamplingFrequency:
                    output = Rate(elements.Payload);
                    break;
                case MatroskaId.Channels:
                    Channels = (int)Math.Min(Ebml.Unsigned(elements.Payload), 255);
                    break;
            }
        }

        SampleRate = output > 0 ? output : SampleRate;
    }

    static int Rate(ReadOnlySpan<byte> payload) => Ebml.Float(payload) is >= 1 and <= 1_000_000 and var rate ? (int)(rate + 0.5) : 0;

    // Strings may be padded with zeros (RFC 8794 §7.4).
    static string Text(ReadOnlySpan<byte> payload)
    {
        var end = payload.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? payload : payload[..end]);
    }

    // Matroska has the bibliographic codes of ISO 639-2, MP4 and playlists the terminological ones.
    static string LanguageOf(string code) => code switch
    {
        "und" or "" => "",
        "alb" => "sqi", "arm" => "hye", "baq" => "eus", "bur" => "mya", "chi" => "zho", "cze" => "ces", "dut" => "nld", "fre" => "fra",
        "geo" => "kat", "ger" => "deu", "gre" => "ell", "ice" => "isl", "mac" => "mkd", "mao" => "mri", "may" => "msa", "per" => "fas",
        "rum" => "ron", "slo" => "slk", "tib" => "bod", "wel" => "cym",
        _ => code.Length > 3 && code[3] == '-' ? code[..3] : code,
    };
}
