using Tributary.Media.Codecs;
using Tributary.Media.Frames;

namespace Tributary.Media.Containers.Mp4;

/// <summary>
/// Sample entries: ISO/IEC 14496-12 §8.5.2 and §12, with the configuration box of each codec (14496-14 for AAC and MP3, 14496-15 for H.264 and HEVC,
/// the AV1, VP9, Opus and FLAC bindings, ETSI TS 102 366 Annex F for AC-3 and E-AC-3).
/// </summary>
static class SampleEntry
{
    const int FlacLastBlock = 0x80;

    public static void Write(ref BoxWriter writer, TrackInfo track, VideoFormat format)
    {
        var box = writer.Open(Type(track.Codec));
        writer.Zeros(6);
        writer.U16(1);   // data_reference_index
        if (track.Kind == TrackKind.Video)
        {
            WriteVisual(ref writer, track, format);
        }
        else
        {
            WriteAudio(ref writer, track);
        }

        WriteBitrate(ref writer, track.DeclaredBitrate);
        writer.Close(box);
    }

    static ReadOnlySpan<byte> Type(Codec codec) => codec switch
    {
        Codec.H264 => "avc1"u8,
        Codec.Hevc => "hvc1"u8,   // Apple's players refuse hev1
        Codec.Av1 => "av01"u8,
        Codec.Vp8 => "vp08"u8,
        Codec.Vp9 => "vp09"u8,
        Codec.Opus => "Opus"u8,
        Codec.Ac3 => "ac-3"u8,
        Codec.Eac3 => "ec-3"u8,
        Codec.Flac => "fLaC"u8,
        Codec.Aac or Codec.Mp3 => "mp4a"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(codec), codec, "There is no sample entry for this codec."),
    };

    static void WriteVisual(ref BoxWriter writer, TrackInfo track, VideoFormat format)
    {
        writer.Zeros(16);
        writer.U16(track.Width);
        writer.U16(track.Height);
        writer.U32(0x0048_0000);   // 72 dpi, as every file says
        writer.U32(0x0048_0000);
        writer.U32(0);
        writer.U16(1);             // frame_count
        writer.Zeros(32);          // compressorname
        writer.U16(0x0018);
        writer.U16(0xFFFF);
        WriteVideoConfig(ref writer, track);
        if (format.SampleAspectWidth != format.SampleAspectHeight)
        {
            var box = writer.Open("pasp"u8);
            writer.I32(format.SampleAspectWidth);
            writer.I32(format.SampleAspectHeight);
            writer.Close(box);
        }

        WriteColour(ref writer, format);
    }

    static void WriteVideoConfig(ref BoxWriter writer, TrackInfo track)
    {
        var config = track.DecoderConfig.Span;
        var box = track.Codec switch
        {
            Codec.H264 => writer.Open("avcC"u8),
            Codec.Hevc => writer.Open("hvcC"u8),
            Codec.Av1 => writer.Open("av1C"u8),
            _ => writer.Open("vpcC"u8, 1, 0),
        };
        var at = writer.Position;
        writer.Bytes(config);
        if (track.Codec == Codec.Hevc)
        {
            HevcArrays.MarkComplete(writer.Written[at..]);
        }

        writer.Close(box);
    }

    static void WriteColour(ref BoxWriter writer, VideoFormat format)
    {
        if ((format.ColourPrimaries, format.TransferCharacteristics, format.MatrixCoefficients) is (2, 2, 2))
        {
            return;
        }

        var box = writer.Open("colr"u8);
        writer.Bytes("nclx"u8);
        writer.U16(format.ColourPrimaries);
        writer.U16(format.TransferCharacteristics);
        writer.U16(format.MatrixCoefficients);
        writer.U8(format.FullRange ? 0x80 : 0);
        writer.Close(box);
    }

    static void WriteAudio(ref BoxWriter writer, TrackInfo track)
    {
        var config = track.DecoderConfig.Span;
        writer.Zeros(8);
        writer.U16(track.Channels);
        writer.U16(track.Codec == Codec.Flac ? Flac.BitsPerSample(config) : 16);
        writer.U32(0);
        writer.U32(track.SampleRate <= 0xFFFF ? (uint)track.SampleRate << 16 : 0);   // 16.16; higher rates are in the configuration only
        int box;
        switch (track.Codec)
        {
            case Codec.Opus:
                box = writer.Open("dOps"u8);
                break;
            case Codec.Ac3:
                box = writer.Open("dac3"u8);
                break;
            case Codec.Eac3:
                box = writer.Open("dec3"u8);
                break;
            case Codec.Flac:
                box = writer.Open("dfLa"u8, 0, 0);
                writer.U8(FlacLastBlock);
                writer.U24(config.Length);
                break;
            default:
                WriteElementaryStream(ref writer, track);
                return;
        }

        writer.Bytes(config);
        writer.Close(box);
    }

    // ISO/IEC 14496-1 §7.2.6: ES_Descriptor { DecoderConfigDescriptor { DecoderSpecificInfo } SLConfigDescriptor }, sizes in four bytes of 7 bits.
    static void WriteElementaryStream(ref BoxWriter writer, TrackInfo track)
    {
        const int DescriptorHeader = 5;
        const int AudioStream = 0x15;
        var config = track.DecoderConfig.Span;
        var specific = config.IsEmpty ? 0 : DescriptorHeader + config.Length;
        var box = writer.Open("esds"u8, 0, 0);
        WriteDescriptor(ref writer, 3, 3 + DescriptorHeader + 13 + specific + DescriptorHeader + 1);
        writer.U24(0);   // ES_ID 0 and no flags
        WriteDescriptor(ref writer, 4, 13 + specific);
        writer.U8(ObjectType(track));
        writer.U8(AudioStream);
        writer.U24(0);   // bufferSizeDB
        writer.I32(track.DeclaredBitrate);
        writer.I32(track.DeclaredBitrate);
        if (!config.IsEmpty)
        {
            WriteDescriptor(ref writer, 5, config.Length);
            writer.Bytes(config);
        }

        WriteDescriptor(ref writer, 6, 1);
        writer.U8(2);    // SLConfig: predefined for files
        writer.Close(box);
    }

    // 0x6B is MPEG-1 audio, 0x69 MPEG-2 audio (the low sample rates).
    static int ObjectType(TrackInfo track) => track.Codec == Codec.Aac ? 0x40 : track.SampleRate >= 32_000 ? 0x6B : 0x69;

    static void WriteDescriptor(ref BoxWriter writer, int tag, int size)
    {
        writer.U8(tag);
        writer.U8(0x80 | (size >> 21));
        writer.U8(0x80 | (size >> 14));
        writer.U8(0x80 | (size >> 7));
        writer.U8(size & 0x7F);
    }

    static void WriteBitrate(ref BoxWriter writer, int bitsPerSecond)
    {
        if (bitsPerSecond <= 0)
        {
            return;
        }

        var box = writer.Open("btrt"u8);
        writer.U32(0);
        writer.I32(bitsPerSecond);
        writer.I32(bitsPerSecond);
        writer.Close(box);
    }
}
