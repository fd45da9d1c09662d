using System.Buffers.Binary;
using Tributary.Media.Containers.Mp4;
using Tributary.Media.Frames;

namespace Tributary.Media.Containers.MpegTs;

/// <summary>The program association and program map tables (ISO/IEC 13818-1 §2.4.4.3 and §2.4.4.8) of a program of one or two streams.</summary>
static class TsTables
{
    public const int MapPid = 0x1000;
    public const int VideoPid = 0x100;
    public const int AudioPid = 0x101;
    public const int MetadataPid = 0x102;

    /// <summary>More than the largest table takes.</summary>
    public const int MaxSection = 128;

    const int ProgramNumber = 1;
    internal const byte MetadataStream = 0x15;
    const int HeaderSize = 8;
    const int CrcSize = 4;

    static readonly uint[] CrcTable = CreateCrcTable();

    public static int WriteAssociation(Span<byte> section)
    {
        var at = HeaderSize;
        at = U16(section, at, ProgramNumber);
        at = U16(section, at, 0xE000 | MapPid);
        return Finish(section, tableId: 0, extension: 1, version: 0, at);
    }

    // §2.6.58 and §2.6.60 with the format identifier "ID3 ", as Apple's "Timed Metadata for HTTP Live Streaming" asks for.
    internal static ReadOnlySpan<byte> MetadataPointer =>
        [0x25, 0x0F, 0xFF, 0xFF, (byte)'I', (byte)'D', (byte)'3', (byte)' ', 0xFF, (byte)'I', (byte)'D', (byte)'3', (byte)' ', 0x00, 0x1F, 0x00, ProgramNumber];

    internal static ReadOnlySpan<byte> Metadata =>
        [0x26, 0x0D, 0xFF, 0xFF, (byte)'I', (byte)'D', (byte)'3', (byte)' ', 0xFF, (byte)'I', (byte)'D', (byte)'3', (byte)' ', 0x00, 0x0F];

    public static int WriteMap(Span<byte> section, TrackInfo? video, TrackInfo? audio, bool hasMetadata = false)
    {
        var at = HeaderSize;
        at = U16(section, at, 0xE000 | (video is null ? AudioPid : VideoPid));   // PCR_PID
        at = WriteDescriptors(section, at, hasMetadata ? MetadataPointer : default);
        if (video is not null)
        {
            at = WriteStream(section, at, video, VideoPid);
        }

        if (audio is not null)
        {
            at = WriteStream(section, at, audio, AudioPid);
        }

        if (hasMetadata)
        {
            section[at++] = MetadataStream;
            at = U16(section, at, 0xE000 | MetadataPid);
            at = WriteDescriptors(section, at, Metadata);
        }

        // A version that follows from the content: a player that keeps tables by their version takes note of another codec.
        var version = (int)(Crc(section[HeaderSize..at]) & 0x1F);
        return Finish(section, tableId: 2, ProgramNumber, version, at);
    }

    internal static int WriteDescriptors(Span<byte> section, int at, ReadOnlySpan<byte> descriptors)
    {
        at = U16(section, at, 0xF000 | descriptors.Length);
        descriptors.CopyTo(section[at..]);
        return at + descriptors.Length;
    }

    // Stream types: ISO/IEC 13818-1 table 2-34, and ATSC A/53 for the two of Dolby, as Apple's authoring rules ask for.
    internal static byte StreamType(TrackInfo track) => track.Codec switch
    {
        Codec.H264 => 0x1B,
        Codec.Hevc => 0x24,
        Codec.Aac => 0x0F,
        Codec.Mp3 => (byte)(track.SampleRate >= 32_000 ? 0x03 : 0x04),
        Codec.Ac3 => 0x81,
        Codec.Eac3 => 0x87,
        _ => throw new ArgumentOutOfRangeException(nameof(track), track.Codec, "A transport stream does not carry this codec."),
    };

    static ReadOnlySpan<byte> Registration(Codec codec) => codec switch
    {
        Codec.Hevc => "HEVC"u8,
        Codec.Ac3 => "AC-3"u8,
        Codec.Eac3 => "EAC3"u8,
        _ => default,
    };

    static int WriteStream(Span<byte> section, int at, TrackInfo track, int pid)
    {
        const byte RegistrationDescriptor = 5;
        const byte LanguageDescriptor = 10;
        section[at++] = StreamType(track);
        at = U16(section, at, 0xE000 | pid);
        var descriptors = at;
        at += 2;
        var registration = Registration(track.Codec);
        if (!registration.IsEmpty)
        {
            section[at++] = RegistrationDescriptor;
            section[at++] = 4;
            registration.CopyTo(section[at..]);
            at += 4;
        }

        if (track.Kind == TrackKind.Audio && track.Language.Length > 0)
        {
            section[at++] = LanguageDescriptor;
            section[at++] = 4;
            LanguageCode.Write(section[at..], track.Language);
            section[at + 3] = 0;   // audio_type: undefined
            at += 4;
        }

        U16(section, descriptors, 0xF000 | (at - descriptors - 2));
        return at;
    }

    internal static int Finish(Span<byte> section, byte tableId, int extension, int version, int end)
    {
        section[0] = tableId;
        U16(section, 1, 0xB000 | (end - 3 + CrcSize));
        U16(section, 3, extension);
        section[5] = (byte)(0xC1 | (version << 1));   // current_next_indicator 1
        section[6] = 0;
        section[7] = 0;
        BinaryPrimitives.WriteUInt32BigEndian(section[end..], Crc(section[..end]));
        return end + CrcSize;
    }

    internal static int U16(Span<byte> section, int at, int value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(section[at..], (ushort)value);
        return at + 2;
    }

    // Annex A: x^32 + x^26 + … + 1, most significant bit first, initial value all ones, no final inversion.
    static uint Crc(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var value in data)
        {
            crc = (crc << 8) ^ CrcTable[(crc >> 24) ^ value];
        }

        return crc;
    }

    static uint[] CreateCrcTable()
    {
        var table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            var crc = i << 24;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc << 1) ^ ((crc & 0x8000_0000) != 0 ? 0x04C1_1DB7u : 0);
            }

            table[i] = crc;
        }

        return table;
    }
}
