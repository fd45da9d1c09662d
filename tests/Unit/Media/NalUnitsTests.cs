using Tributary.Media.Codecs;
using Tributary.Media.Frames;
using static Tributary.Unit.Media.CodecVectors;

namespace Tributary.Unit.Media;

public class NalUnitsTests
{
    [Fact]
    public void Length_prefixed_units_are_walked_and_a_lying_length_ends_the_walk()
    {
        var walk = NalUnits.LengthPrefixed(Bytes("00000002" + "6588" + "00000001" + "41" + "000000ff" + "00"));
        Assert.True(walk.MoveNext());
        Assert.Equal("6588", Convert.ToHexString(walk.Current));
        Assert.True(walk.MoveNext());
        Assert.Equal("41", Convert.ToHexString(walk.Current));
        Assert.False(walk.MoveNext());
        Assert.True(walk.Malformed);
    }

    [Fact]
    public void Annex_b_units_are_walked_without_their_start_codes_and_padding()
    {
        List<string> units = [];
        foreach (var nal in NalUnits.AnnexB(Bytes("00000001" + "0910" + "000001" + "6742" + "00000000000001" + "65888000" + "000001")))
        {
            units.Add(Convert.ToHexString(nal));
        }

        Assert.Equal(["0910", "6742", "658880"], units);
    }

    [Theory]
    [InlineData(Codec.H264, AvcC, new[] { 7, 8 })]
    [InlineData(Codec.Hevc, HvcC, new[] { 32, 33, 34 })]
    public void Parameter_sets_come_in_the_order_of_the_record(Codec codec, string config, int[] expected)
    {
        List<int> types = [];
        foreach (var set in NalUnits.ParameterSets(codec, Bytes(config)))
        {
            types.Add(NalUnits.TypeOf(set, codec));
        }

        Assert.Equal(expected, types);
        Assert.Equal(4, NalUnits.LengthSize(codec, Bytes(config)));
    }

    [Theory]
    [InlineData(Codec.H264, "0000000109" + "0000000165", true, true)]
    [InlineData(Codec.H264, "0000000141", false, false)]
    [InlineData(Codec.Hevc, "000000022601", true, true)]    // 19: IDR
    [InlineData(Codec.Hevc, "000000022a01", false, true)]   // 21: clean random access
    [InlineData(Codec.Hevc, "000000020201", false, false)]  // 1: trailing picture
    public void Key_frames_are_told_by_their_nal_types(Codec codec, string frame, bool idr, bool key)
    {
        Assert.Equal(idr, NalUnits.IsIdr(Bytes(frame), codec));
        Assert.Equal(key, NalUnits.IsKeyFrame(Bytes(frame), codec));
    }

    [Theory]
    [InlineData(Codec.H264, "0000000101", true)]       // nal_ref_idc 0
    [InlineData(Codec.H264, "0000000121", false)]
    [InlineData(Codec.Hevc, "000000020001", true)]     // TRAIL_N
    [InlineData(Codec.Hevc, "000000020201", false)]    // TRAIL_R
    public void Disposable_frames_are_told_by_their_headers(Codec codec, string frame, bool disposable) =>
        Assert.Equal(disposable, NalUnits.IsDisposable(Bytes(frame), codec));

    [Fact]
    public void Emulation_prevention_bytes_are_left_out_of_escaped_bits()
    {
        var bits = new BitReader(Bytes("000003010000030003"), escaped: true);
        Assert.Equal(0x000001u, bits.ReadBits(24));
        Assert.Equal(0x0000u, bits.ReadBits(16));
        Assert.Equal(0x0003u, bits.ReadBits(16));
        Assert.False(bits.Overrun);
        Assert.Equal(0u, bits.ReadBits(1));
        Assert.True(bits.Overrun);
    }

    [Fact]
    public void Exponential_golomb_codes_are_read_and_overlong_ones_refused()
    {
        var bits = new BitReader([0b1_010_011_0, 0b0100_0010, 0b1_0000000]);   // 0, 1, 2, 3, 4
        Assert.Equal([0u, 1u, 2u, 3u, 4u], new[] { bits.ReadUe(), bits.ReadUe(), bits.ReadUe(), bits.ReadUe(), bits.ReadUe() });

        var overlong = new BitReader([0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
        overlong.ReadUe();
        Assert.True(overlong.Overrun);
    }
}
