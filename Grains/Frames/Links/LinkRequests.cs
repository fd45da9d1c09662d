using System.Buffers;

namespace Tributary.Grains.Frames.Links;

/// <summary>The messages of the subscribing end.</summary>
static class LinkRequests
{
    public static void Subscribe(IBufferWriter<byte> output, int subscription, string stream, long fromMsn) =>
        new LinkEncoder().Begin(LinkMessageType.Subscribe, subscription).Text(stream).Number(fromMsn).Complete(output);

    public static void Unsubscribe(IBufferWriter<byte> output, int subscription) =>
        new LinkEncoder().Begin(LinkMessageType.Unsubscribe, subscription).Complete(output);

    public static void Credit(IBufferWriter<byte> output, int subscription, int bytes) =>
        new LinkEncoder().Begin(LinkMessageType.Credit, subscription).Number(bytes).Complete(output);

    public static bool TryReadSubscribe(in LinkMessage message, out string stream, out long fromMsn)
    {
        var decoder = new LinkDecoder(message.Body.ToArray());
        (stream, fromMsn) = (decoder.Text(), decoder.Number());
        return !decoder.Failed && fromMsn >= 0 && stream.Length > 0;
    }

    public static bool TryReadCredit(in LinkMessage message, out int bytes)
    {
        var decoder = new LinkDecoder(message.Body.ToArray());
        bytes = decoder.Small(int.MaxValue);
        return !decoder.Failed;
    }
}
