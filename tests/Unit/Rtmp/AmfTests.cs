using Tributary.Protocols.Amf;

namespace Tributary.Unit.Rtmp;

public sealed class AmfTests
{
    // AMF 0 specification §2: the number 1.0, true, "app", null, an object {a: 2.0}, an ECMA array {b: "c"}, a strict array [false].
    const string Sample =
        "00 3FF0000000000000  01 01  02 0003 617070  05  03 0001 61 00 4000000000000000 0000 09  " +
        "08 00000001 0001 62 02 0001 63 0000 09  0A 00000001 01 00";

    [Fact]
    public void Reads_each_type_of_the_specification()
    {
        var reader = new Amf0Reader(Wire.Hex(Sample));
        Assert.Equal(1.0, Next(ref reader).Number);
        Assert.True(Next(ref reader).Boolean);
        Assert.Equal("app", Next(ref reader).String);
        Assert.Equal(AmfKind.Null, Next(ref reader).Kind);
        Assert.Equal(2.0, Next(ref reader)["a"].Number);
        var array = Next(ref reader);
        Assert.Equal(AmfKind.EcmaArray, array.Kind);
        Assert.Equal("c", array["b"].String);
        Assert.False(Assert.Single(Next(ref reader).Elements).Boolean);
        Assert.True(reader.AtEnd);
        Assert.False(reader.TryRead(out _));
    }

    [Fact]
    public void Writes_what_it_reads()
    {
        var bytes = Wire.Hex(Sample);
        var reader = new Amf0Reader(bytes);
        var written = Wire.Amf(amf =>
        {
            var inner = new Amf0Reader(bytes);
            while (inner.TryRead(out var value))
            {
                amf.Value(value);
            }
        });
        Assert.Equal(bytes, written);
        Assert.Equal(bytes.Length, reader.Remaining);
    }

    [Theory]
    [InlineData("0B 4270000000000000 0000", AmfKind.Date)]
    [InlineData("0C 00000002 6869", AmfKind.String)]
    [InlineData("0F 00000002 6869", AmfKind.String)]
    [InlineData("10 0001 54 0001 61 05 0000 09", AmfKind.Object)]
    [InlineData("06", AmfKind.Null)]
    [InlineData("07 0001", AmfKind.Null)]
    [InlineData("11 04 05", AmfKind.Number)]                          // AMF 3 integer 5
    [InlineData("11 06 07 616263", AmfKind.String)]                   // AMF 3 string "abc"
    [InlineData("11 0A 0B 01 03 61 04 05 01", AmfKind.Object)]        // AMF 3 dynamic object {a: 5}
    [InlineData("11 09 05 01 04 01 04 02", AmfKind.StrictArray)]      // AMF 3 array [1, 2]
    [InlineData("11 0C 05 0000", AmfKind.Null)]                       // AMF 3 byte array: skipped
    public void Reads_rarer_types(string hex, object kind)
    {
        var reader = new Amf0Reader(Wire.Hex(hex));
        Assert.Equal((AmfKind)kind, Next(ref reader).Kind);
        Assert.True(reader.AtEnd);
    }

    [Theory]
    [InlineData("")]
    [InlineData("00 3FF0")]
    [InlineData("02 0005 61")]
    [InlineData("0C FFFFFFFF 61")]
    [InlineData("03 0001 61")]
    [InlineData("03 0001 61 05")]
    [InlineData("0A FFFFFFFF 05")]
    [InlineData("04")]
    [InlineData("FF")]
    [InlineData("11")]
    [InlineData("11 06 00")]
    [InlineData("11 09 FFFFFFFF 01")]
    [InlineData("11 0A FF FF FF FF")]
    [InlineData("11 0C FFFFFFFF")]
    public void Refuses_what_is_cut_short_or_lies(string hex)
    {
        var reader = new Amf0Reader(Wire.Hex(hex));
        Assert.False(reader.TryRead(out _));
    }

    [Theory]
    [InlineData("03 0001 61", 3_000)]           // objects within objects
    [InlineData("0A 00000001", 3_000)]          // arrays within arrays
    [InlineData("11 09 03 01", 3_000)]
    [InlineData("08 00000001 0001 61", 3_000)]
    public void Refuses_nesting_bombs(string hex, int times)
    {
        var bytes = Enumerable.Repeat(Wire.Hex(hex), times).SelectMany(b => b).ToArray();
        var reader = new Amf0Reader(bytes);
        Assert.False(reader.TryRead(out _));
    }

    [Fact]
    public void Refuses_more_elements_than_allowed_over_the_whole_message()
    {
        var limits = new AmfLimits { MaxElements = 10 };
        var bytes = Wire.Amf(amf =>
        {
            for (var i = 0; i < 11; i++)
            {
                amf.Null();
            }
        });
        var reader = new Amf0Reader(bytes, limits);
        for (var i = 0; i < 10; i++)
        {
            Next(ref reader);
        }

        Assert.False(reader.TryRead(out _));
    }

    [Fact]
    public void Refuses_long_strings()
    {
        var bytes = Wire.Amf(amf => amf.String(new string('x', 100_000)));
        var reader = new Amf0Reader(bytes);
        Assert.False(reader.TryRead(out _));
    }

    static AmfValue Next(ref Amf0Reader reader)
    {
        Assert.True(reader.TryRead(out var value));
        return value;
    }
}
