using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Tributary.Media.Frames;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod.Hds;

/// <summary>onMetaData of an FLV stream: a name and an array of named values in AMF 0.</summary>
static class HdsMetadata
{
    const byte Number = 0;
    const byte Boolean = 1;
    const byte String = 2;
    const byte Array = 8;

    internal static byte[] Write(IReadOnlyList<SetTrack> tracks, bool isLive)
    {
        var values = new List<(string Name, double? Number)>();
        if (!isLive)
        {
            values.Add(("duration", tracks.Max(static track => track.Duration) / 1_000.0));
        }

        foreach (var track in tracks)
        {
            values.AddRange(track.Kind == TrackKind.Video ? Picture(track) : Sound(track));
        }

        values.Add(("filesize", tracks.Sum(static track => track.Source.TotalBytes)));
        return Write(values, tracks.Any(static track => track.Info.Channels > 1));
    }

    static (string, double?)[] Picture(SetTrack track) =>
    [
        ("width", track.Info.Width),
        ("height", track.Info.Height),
        ("videodatarate", track.Bitrate / 1_000.0),
        ("framerate", 1_000.0 / Math.Max(1, MediaTime.RescaleNearest(track.Source.MinFrameDuration, track.Info.Timescale, 1_000))),
        ("videocodecid", 7),
    ];

    // A value without a number is the flag "stereo".
    static (string, double?)[] Sound(SetTrack track) =>
    [
        ("audiodatarate", track.Bitrate / 1_000.0),
        ("audiosamplerate", track.Info.SampleRate),
        ("audiosamplesize", 16),
        ("stereo", null),
        ("audiocodecid", track.Info.Codec == Codec.Aac ? 10 : 2),
    ];

    static byte[] Write(List<(string Name, double? Number)> values, bool isStereo)
    {
        var output = new ArrayBufferWriter<byte>();
        output.Write<byte>([String]);
        WriteName(output, "onMetaData");
        output.Write<byte>([Array]);
        BinaryPrimitives.WriteInt32BigEndian(output.GetSpan(4), values.Count);
        output.Advance(4);
        foreach (var (name, number) in values)
        {
            WriteName(output, name);
            if (number is { } value)
            {
                output.Write<byte>([Number]);
                BinaryPrimitives.WriteDoubleBigEndian(output.GetSpan(8), value);
                output.Advance(8);
            }
            else
            {
                output.Write<byte>([Boolean, isStereo ? (byte)1 : (byte)0]);
            }
        }

        output.Write<byte>([0, 0, 9]);   // end of the array
        return output.WrittenSpan.ToArray();
    }

    static void WriteName(ArrayBufferWriter<byte> output, string name)
    {
        BinaryPrimitives.WriteUInt16BigEndian(output.GetSpan(2), (ushort)name.Length);
        output.Advance(2);
        output.Write(Encoding.ASCII.GetBytes(name));
    }
}
