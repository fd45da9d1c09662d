using System.Buffers.Binary;
using System.Text;

namespace Tributary.Unit.Containers;

/// <summary>Boxes made by hand, field by field (ISO/IEC 14496-12), for files that no muxer writes.</summary>
static class Boxes
{
    /// <summary>A box; content may be numbers (32 bits), texts and byte arrays.</summary>
    public static byte[] Box(string type, params object[] content)
    {
        byte[] payload = [.. content.SelectMany(Bytes)];
        return [.. Word(payload.Length + 8), .. Encoding.Latin1.GetBytes(type), .. payload];
    }

    /// <summary>A box whose size is written in 64 bits.</summary>
    public static byte[] LargeBox(string type, params object[] content)
    {
        byte[] payload = [.. content.SelectMany(Bytes)];
        return [.. Word(1), .. Encoding.Latin1.GetBytes(type), .. Long(payload.Length + 16), .. payload];
    }

    public static byte[] Word(long value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)value);
        return bytes;
    }

    public static byte[] Long(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes;
    }

    /// <summary>Words one after another, for long tables.</summary>
    public static byte[] Words(IEnumerable<int> values) => [.. values.SelectMany(v => Word(v))];

    /// <summary>A file with one H.264 track of the tables that are given; those that are not are of four frames of 100 bytes, 10 ticks apart.</summary>
    public static byte[] File(
        byte[]? stts = null, byte[]? ctts = null, byte[]? stss = null, byte[]? stsc = null, byte[]? stsz = null, byte[]? stco = null, byte[]? edts = null,
        byte[]? stsd = null, byte[]? mdhd = null, byte[]? hdlr = null)
    {
        byte[] tables =
        [
            .. stsd ?? Box("stsd", 0, 1, H264Entry()), .. stts ?? Box("stts", 0, 1, 4, 10), .. ctts ?? [], .. stss ?? [],
            .. stsc ?? Box("stsc", 0, 1, 1, 4, 1), .. stsz ?? Box("stsz", 0, 100, 4), .. stco ?? Box("stco", 0, 1, 5_000),
        ];
        var media = Box("mdia", mdhd ?? Box("mdhd", 0, 0, 0, 1_000, 40, 0x15C70000), hdlr ?? Box("hdlr", 0, 0, "vide", 0, 0, 0, "pictures\0"),
            Box("minf", Box("stbl", tables)));
        var movie = Box("moov", Box("mvhd", 0, 0, 0, 600, 24, new byte[80]), Box("trak", edts ?? [], media));
        return [.. Box("ftyp", "isom", 0), .. movie];
    }

    public static byte[] H264Entry(byte[]? config = null) => Box(
        "avc1", new byte[6], new byte[] { 0, 1 }, new byte[16], new byte[] { 2, 0x80, 1, 0x68 }, new byte[50],
        Box("avcC", config ?? Convert.FromHexString("0164001EFFE1001A6764001EACD940A02FF9610000030001000003003C8F162D9601000568EBECB22C")));

    static byte[] Bytes(object value) => value switch
    {
        int word => Word(word),
        string text => Encoding.UTF8.GetBytes(text),
        byte[] bytes => bytes,
        _ => throw new ArgumentException($"{value} is none of the contents that are known."),
    };
}
