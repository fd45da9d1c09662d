using System.Buffers;
using Tributary.Media.Frames;
using Tributary.Protocols.Amf;

namespace Tributary.Protocols.Flv;

/// <summary>Writes onMetaData for a live stream (Video File Format 10.1, E.5; codec numbers above 255 are FourCCs, enhanced RTMP).</summary>
public static class FlvMetadata
{
    /// <summary>The body of a script tag, or of an RTMP data message.</summary>
    public static byte[] Write(TrackInfo? video, TrackInfo? audio)
    {
        var body = new ArrayBufferWriter<byte>(256);
        List<(string Name, double Value)> numbers = [("duration", 0)];
        if (video is not null)
        {
            AddVideo(numbers, video);
        }

        if (audio is not null)
        {
            AddAudio(numbers, audio);
        }

        var amf = new Amf0Writer(body).String("onMetaData").BeginEcmaArray(numbers.Count + (audio is null ? 1 : 2));
        foreach (var (name, value) in numbers)
        {
            amf.Property(name, value);
        }

        if (audio is not null)
        {
            amf.Property("stereo", audio.Channels > 1);
        }

        amf.Property("encoder", "Tributary").End();
        return body.WrittenSpan.ToArray();
    }

    static void AddVideo(List<(string, double)> numbers, TrackInfo video)
    {
        numbers.Add(("videocodecid", video.Codec == Codec.H264 ? 7 : FlvCodecs.FourCc(video.Codec)));
        Add(numbers, "width", video.Width);
        Add(numbers, "height", video.Height);
        Add(numbers, "framerate", video.MilliFramesPerSecond / 1_000.0);
        Add(numbers, "videodatarate", video.DeclaredBitrate / 1_000.0);
    }

    static void AddAudio(List<(string, double)> numbers, TrackInfo audio)
    {
        numbers.Add(("audiocodecid", audio.Codec switch { Codec.Aac => 10, Codec.Mp3 => 2, _ => FlvCodecs.FourCc(audio.Codec) }));
        Add(numbers, "audiosamplerate", audio.SampleRate);
        Add(numbers, "audiosamplesize", 16);
        Add(numbers, "audiodatarate", audio.DeclaredBitrate / 1_000.0);
    }

    static void Add(List<(string, double)> numbers, string name, double value)
    {
        if (value > 0)
        {
            numbers.Add((name, value));
        }
    }
}
