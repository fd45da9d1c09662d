namespace Tributary.Unit.Media;

/// <summary>
/// Decoder configurations as ffmpeg 5.1.9 (Debian 12) wrote them into MP4 files from its testsrc and sine sources, unless a line says otherwise.
/// </summary>
static class CodecVectors
{
    /// <summary>libx264, 160x120, 25 fps, yuv420p.</summary>
    public const string AvcC = "0164000bffe100196764000bacd942847e5c0440000003004000000c83c50a658001000668ebe3cb22c0fdf8f800";

    /// <summary>libx264, 1920x1080, 29.97 fps, SAR 4:3, yuv422p10le, BT.2020 with PQ.</summary>
    public const string AvcC422 =
        "017a0028ffe1001d677a0028b6cd940780227e270e6a122012800001f480007530078c18cb01000668ebe3cb22c0fefafa00";

    /// <summary>libx264 -flags +ilme+ildct -x264-params tff=1:nal-hrd=cbr, 1920x1080, 25 frames of two fields (50 fps source), yuv444p.</summary>
    public const string AvcCInterlaced =
        "01f4003effe1002767f4003e919b280f0089f97011000003000100000300646040001312d00009896e4d380f8f1ecb01000668fbac448440fff8f800";

    /// <summary>libx265, 160x120, 25 fps; the array with x265's SEI message left out.</summary>
    public const string HvcC =
        "0101600000009000000000001ef000fcfdf8f800000f03" +
        "200001001840010c01ffff01600000030090000003000003001e959809" +
        "210001002942010101600000030090000003000003001ea014207965959a4932bc05a02000000300200000030321" +
        "22000100074401c172b46240";

    /// <summary>libx265, 1920x1080, 50 fps, yuv420p10le, BT.2020 with PQ; the array with x265's SEI message left out.</summary>
    public const string HvcC10 =
        "0102200000009000000000007bf000fcfdfafa00000f03" +
        "200001001840010c01ffff02200000030090000003000003007b959809" +
        "210001002f42010102200000030090000003000003007ba003c08010e4d96566924caf016a122012080000030008000003019040" +
        "22000100074401c172b46240";

    /// <summary>libsvtav1, 160x120, 25 fps.</summary>
    public const string Av1C = "81000c000a0a00000003b4ff700be001";

    /// <summary>libaom-av1, 320x180, 10 bits, BT.2020 with PQ.</summary>
    public const string Av1CHdr = "81004c000a0e000000043cfeccdaf95091009040";

    /// <summary>libvpx-vp9, with the version and flags of its box.</summary>
    public const string Vp9FullBox = "01000000000a820202020000";

    public const string OpusBox = "000201380000bb80000000";

    public const string Ac3Box = "101140";

    public const string Eac3Box = "0600200400";

    /// <summary>The body of dfLa.</summary>
    public const string FlacBox = "00000000800000221200120000025800051b0bb802f00000bb80a316b305f13b13fe767b3d0d068f95bc";

    /// <summary>First bytes of a key frame of libvpx, 160x120.</summary>
    public const string Vp8Key = "503a009d012aa0007800014708858588";

    /// <summary>First bytes of a key frame of libvpx-vp9, 160x120.</summary>
    public const string Vp9Key = "824983420009f007761c38241c184a00";

    /// <summary>First bytes of a key frame of libsvtav1, 160x120: a sequence header, then a frame cut short.</summary>
    public const string Av1Key = "0a0a00000003b4ff73efe401320a141400a0d824db22b1c6";

    /// <summary>libmp3lame, 48 kHz, stereo, 128 kb/s.</summary>
    public const string Mp3Frame = "fffb9464000001ee0850bd3c60080000";

    /// <summary>ac3, 48 kHz, stereo, 192 kb/s.</summary>
    public const string Ac3Frame = "0b77fe95144043e106f46370c0c0c218";

    /// <summary>eac3, 48 kHz, stereo, 192 kb/s: 768 bytes, of which these are the first.</summary>
    public const string Eac3Frame = "0b77017f3487c0002084210838008c06";

    public const string OpusPacket = "fcb4065aa7b5e1fd0bbe007ff9077284";

    public static byte[] Bytes(string hex) => Convert.FromHexString(hex);
}
