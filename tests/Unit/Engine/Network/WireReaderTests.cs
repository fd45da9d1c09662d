using System.Net;
using Orleans.Serialization;

namespace Tributary.Unit.Engine.Network;

public sealed class WireReaderTests
{
    [Fact]
    public void What_was_written_is_read()
    {
        var silo = SiloAddress.New(IPAddress.Parse("10.0.0.1"), 11111, 5);
        var client = SiloAddress.New(IPAddress.IPv6Loopback, 65535, -7);
        var grain = GrainId.Create("type", "a/b c");
        var writer = WireWriter.Begin(space: 3);
        writer.Address(silo);
        writer.Address(null);
        writer.Address(client);
        writer.Grain(grain);
        writer.Grain(default);
        writer.Flag(true);
        writer.Int64(long.MinValue);
        writer.Long("parts"u8);
        writer.Text(7, static (text, number) => text.WriteNumberValue(number));

        var reader = new WireReader(writer.ToArray().AsSpan(3));
        Assert.Equal(silo, reader.Address());
        Assert.Null(reader.Address());
        Assert.Equal(client, reader.Address());
        Assert.Equal(grain, reader.Grain());
        Assert.True(reader.Grain().IsDefault);
        Assert.True(reader.Flag());
        Assert.Equal(long.MinValue, reader.Int64());
        Assert.Equal("parts"u8, reader.Long());
        Assert.Equal("7"u8, reader.Long());
    }

    [Theory]
    [InlineData("")]
    [InlineData("05000000 01020304")]   // one byte short
    [InlineData("FFFFFFFF 01020304")]   // a length below zero
    [InlineData("FFFFFF7F 01020304")]
    public void A_length_that_the_message_has_not_is_refused(string hex) => Assert.Throws<SerializerException>(() =>
        new WireReader(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal))).Long().ToArray());

    [Fact]
    public void An_address_of_five_bytes_is_refused() => Assert.Throws<SerializerException>(() => new WireReader([5, 1, 2, 3, 4, 5, 0, 0, 0, 0, 0, 0]).Address());

    // The header of a message, cut at every byte, and with every byte changed: it is read, or refused.
    [Fact]
    public void No_header_does_more_than_be_refused()
    {
        var message = new Message(MessageKind.Cancel)
        {
            Id = 5, Sender = SiloAddress.New(IPAddress.Loopback, 1, 2), Target = SiloAddress.New(IPAddress.Loopback, 3, 4), TargetGrain = GrainId.Create("type", "key"),
        };
        var whole = WireCodec.Encode(message, 0);
        for (var i = 0; i < whole.Length; i++)
        {
            Read(whole[..i]);
            var changed = whole.ToArray();
            changed[i] ^= 0xff;
            Read(changed);
        }

        static void Read(byte[] bytes)
        {
            try
            {
                var reader = new WireReader(bytes);
                WireCodec.ReadHeader(ref reader);
            }
            catch (SerializerException)
            {
                // It is refused.
            }
        }
    }
}
