using System.Reflection;
using System.Runtime.InteropServices;

namespace Tributary.Media.Pictures;

/// <summary>
/// The functions of FFmpeg's libraries (libavcodec, libavutil, libswscale) by which pictures are decoded, scaled and encoded. They are the system's own and
/// looked for once; only releases are taken whose layout of AVFrame and AVPacket is the one that is used here (4.x to 6.x).
/// </summary>
static partial class LibAv
{
    const string Codec = "avcodec", Util = "avutil", Scale = "swscale";

    /// <summary>Versions that belong together.</summary>
    static readonly (int Codec, int Util, int Scale)[] Releases = [(60, 58, 7), (59, 57, 6), (58, 56, 5)];

    static readonly Lazy<(Dictionary<string, nint> Libraries, string Missing)> Loaded = new(Load);

    /// <summary>Why there are no pictures; empty where there are.</summary>
    public static string Missing => Loaded.Value.Missing;

    static (Dictionary<string, nint>, string) Load()
    {
        foreach (var (codec, util, scale) in Releases)
        {
            var found = new Dictionary<string, nint>();
            if (TryLoad(found, Util, util) && TryLoad(found, Codec, codec) && TryLoad(found, Scale, scale))
            {
                NativeLibrary.SetDllImportResolver(Assembly.GetExecutingAssembly(), (name, _, _) => found.GetValueOrDefault(name));
                SetLogLevel(QuietLog);
                return (found, "");
            }
        }

        return ([], "libavcodec, libavutil and libswscale of FFmpeg 4, 5 or 6 are not on this machine");
    }

    static bool TryLoad(Dictionary<string, nint> found, string name, int major)
    {
        var isThere = NativeLibrary.TryLoad($"lib{name}.so.{major}", out var library);
        found[name] = library;
        return isThere;
    }

    const int QuietLog = -8;

    [LibraryImport(Util, EntryPoint = "av_log_set_level")]
    private static partial void SetLogLevel(int level);

    [LibraryImport(Codec, EntryPoint = "avcodec_find_decoder_by_name", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint FindDecoder(string name);

    [LibraryImport(Codec, EntryPoint = "avcodec_find_encoder_by_name", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint FindEncoder(string name);

    [LibraryImport(Codec, EntryPoint = "avcodec_alloc_context3")]
    public static partial nint NewContext(nint codec);

    [LibraryImport(Codec, EntryPoint = "avcodec_free_context")]
    public static partial void FreeContext(ref nint context);

    [LibraryImport(Codec, EntryPoint = "avcodec_open2")]
    public static partial int Open(nint context, nint codec, nint options);

    [LibraryImport(Codec, EntryPoint = "avcodec_send_packet")]
    public static partial int SendPacket(nint context, nint packet);

    [LibraryImport(Codec, EntryPoint = "avcodec_receive_frame")]
    public static partial int ReceiveFrame(nint context, nint frame);

    [LibraryImport(Codec, EntryPoint = "avcodec_send_frame")]
    public static partial int SendFrame(nint context, nint frame);

    [LibraryImport(Codec, EntryPoint = "avcodec_receive_packet")]
    public static partial int ReceivePacket(nint context, nint packet);

    [LibraryImport(Codec, EntryPoint = "av_packet_alloc")]
    public static partial nint NewPacket();

    [LibraryImport(Codec, EntryPoint = "av_packet_free")]
    public static partial void FreePacket(ref nint packet);

    [LibraryImport(Codec, EntryPoint = "av_new_packet")]
    public static partial int Fill(nint packet, int size);

    [LibraryImport(Util, EntryPoint = "av_frame_alloc")]
    public static partial nint NewFrame();

    [LibraryImport(Util, EntryPoint = "av_frame_free")]
    public static partial void FreeFrame(ref nint frame);

    [LibraryImport(Util, EntryPoint = "av_frame_get_buffer")]
    public static partial int Allocate(nint frame, int align);

    [LibraryImport(Util, EntryPoint = "av_get_pix_fmt", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int PixelFormat(string name);

    [LibraryImport(Util, EntryPoint = "av_opt_set", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Set(nint target, string name, string value, int search);

    [LibraryImport(Scale, EntryPoint = "sws_getContext")]
    public static partial nint NewScaler(int width, int height, int format, int toWidth, int toHeight, int toFormat, int flags, nint before, nint after, nint parameters);

    [LibraryImport(Scale, EntryPoint = "sws_freeContext")]
    public static partial void FreeScaler(nint scaler);

    [LibraryImport(Scale, EntryPoint = "sws_scale")]
    public static unsafe partial int Run(nint scaler, nint* planes, int* strides, int first, int rows, nint* toPlanes, int* toStrides);
}
