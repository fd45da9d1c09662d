namespace Tributary.Media.Containers.Mp4;

/// <summary>The boxes of one trak that a reader needs: their payloads, still unread. The first of each type counts.</summary>
sealed class Mp4TrackBoxes
{
    readonly Dictionary<uint, ReadOnlyMemory<byte>> _payloads = [];

    public static bool IsContainer(uint type) => type is BoxType.Mdia or BoxType.Minf or BoxType.Stbl or BoxType.Edts or BoxType.Udta;

    public bool Wants(uint type) => !_payloads.ContainsKey(type) && type
        is BoxType.Tkhd or BoxType.Mdhd or BoxType.Hdlr or BoxType.Elst or BoxType.Name
        or BoxType.Stsd or BoxType.Stts or BoxType.Ctts or BoxType.Stss or BoxType.Stsc or BoxType.Stsz or BoxType.Stz2 or BoxType.Stco or BoxType.Co64
        or BoxType.Senc;

    public void Add(uint type, ReadOnlyMemory<byte> payload) => _payloads.Add(type, payload);

    public bool Has(uint type) => _payloads.ContainsKey(type);

    /// <summary>The payload; empty where the box is missing.</summary>
    public ReadOnlyMemory<byte> this[uint type] => _payloads.GetValueOrDefault(type);
}
