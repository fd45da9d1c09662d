namespace Tributary.Media.Containers.Matroska;

/// <summary>Element IDs, with their length markers (RFC 8794 §11.2.8, RFC 9559 §5.1).</summary>
static class MatroskaId
{
    public const uint Ebml = 0x1A45_DFA3;
    public const uint DocType = 0x4282;

    public const uint Segment = 0x1853_8067;
    public const uint SeekHead = 0x114D_9B74;
    public const uint Info = 0x1549_A966;
    public const uint Tracks = 0x1654_AE6B;
    public const uint Chapters = 0x1043_A770;
    public const uint Cluster = 0x1F43_B675;
    public const uint Cues = 0x1C53_BB6B;
    public const uint Attachments = 0x1941_A469;
    public const uint Tags = 0x1254_C367;

    public const uint TimestampScale = 0x2A_D7B1;
    public const uint Duration = 0x4489;

    public const uint TrackEntry = 0xAE;
    public const uint TrackNumber = 0xD7;
    public const uint TrackType = 0x83;
    public const uint DefaultDuration = 0x23_E383;
    public const uint Name = 0x536E;
    public const uint Language = 0x22_B59C;
    public const uint CodecId = 0x86;
    public const uint CodecPrivate = 0x63A2;
    public const uint CodecDelay = 0x56AA;
    public const uint ContentEncodings = 0x6D80;
    public const uint Video = 0xE0;
    public const uint PixelWidth = 0xB0;
    public const uint PixelHeight = 0xBA;
    public const uint Colour = 0x55B0;
    public const uint MatrixCoefficients = 0x55B1;
    public const uint TransferCharacteristics = 0x55BA;
    public const uint Primaries = 0x55BB;
    public const uint Audio = 0xE1;
    public const uint SamplingFrequency = 0xB5;
    public const uint OutputSamplingFrequency = 0x78B5;
    public const uint Channels = 0x9F;

    public const uint Timestamp = 0xE7;
    public const uint SimpleBlock = 0xA3;
    public const uint BlockGroup = 0xA0;
    public const uint Block = 0xA1;
    public const uint BlockDuration = 0x9B;
    public const uint ReferenceBlock = 0xFB;

    /// <summary>Whether an element is a child of the segment: it ends a cluster whose size is not known.</summary>
    public static bool IsTopLevel(uint id) => id is SeekHead or Info or Tracks or Chapters or Cluster or Cues or Attachments or Tags or Segment or Ebml;
}
