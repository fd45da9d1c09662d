namespace Tributary.Media.Containers.Mp4;

/// <summary>Box types of ISO/IEC 14496-12 as numbers, so that they can be told apart by a switch.</summary>
static class BoxType
{
    public const uint Ctts = 'c' << 24 | 't' << 16 | 't' << 8 | 's';
    public const uint Co64 = 'c' << 24 | 'o' << 16 | '6' << 8 | '4';
    public const uint Edts = 'e' << 24 | 'd' << 16 | 't' << 8 | 's';
    public const uint Elst = 'e' << 24 | 'l' << 16 | 's' << 8 | 't';
    public const uint Hdlr = 'h' << 24 | 'd' << 16 | 'l' << 8 | 'r';
    public const uint Mdhd = 'm' << 24 | 'd' << 16 | 'h' << 8 | 'd';
    public const uint Mdia = 'm' << 24 | 'd' << 16 | 'i' << 8 | 'a';
    public const uint Minf = 'm' << 24 | 'i' << 16 | 'n' << 8 | 'f';
    public const uint Moof = 'm' << 24 | 'o' << 16 | 'o' << 8 | 'f';
    public const uint Moov = 'm' << 24 | 'o' << 16 | 'o' << 8 | 'v';
    public const uint Mvex = 'm' << 24 | 'v' << 16 | 'e' << 8 | 'x';
    public const uint Mvhd = 'm' << 24 | 'v' << 16 | 'h' << 8 | 'd';
    public const uint Name = 'n' << 24 | 'a' << 16 | 'm' << 8 | 'e';
    public const uint Senc = 's' << 24 | 'e' << 16 | 'n' << 8 | 'c';
    public const uint Stbl = 's' << 24 | 't' << 16 | 'b' << 8 | 'l';
    public const uint Stco = 's' << 24 | 't' << 16 | 'c' << 8 | 'o';
    public const uint Stsc = 's' << 24 | 't' << 16 | 's' << 8 | 'c';
    public const uint Stsd = 's' << 24 | 't' << 16 | 's' << 8 | 'd';
    public const uint Stss = 's' << 24 | 't' << 16 | 's' << 8 | 's';
    public const uint Stsz = 's' << 24 | 't' << 16 | 's' << 8 | 'z';
    public const uint Stts = 's' << 24 | 't' << 16 | 't' << 8 | 's';
    public const uint Stz2 = 's' << 24 | 't' << 16 | 'z' << 8 | '2';
    public const uint Tkhd = 't' << 24 | 'k' << 16 | 'h' << 8 | 'd';
    public const uint Trex = 't' << 24 | 'r' << 16 | 'e' << 8 | 'x';
    public const uint Trak = 't' << 24 | 'r' << 16 | 'a' << 8 | 'k';
    public const uint Udta = 'u' << 24 | 'd' << 16 | 't' << 8 | 'a';
}
