using System.Text;
using Tributary.Protocols.Http;

namespace Tributary.Fuzz.Targets;

/// <summary>Any bytes as the first of an HTTP connection: what is read is what was written, and less of it never says more.</summary>
[FuzzTarget("request-head")]
static class RequestHeadTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        var outcome = RequestHead.TryRead(input, out var head, out var length);
        if (outcome == RequestHeadOutcome.Complete)
        {
            Holds.That(length <= input.Length && length <= RequestHead.MaxLength + 4, "The head is longer than what came.");
            Holds.That(input[..length].EndsWith("\r\n\r\n"u8), "A head ends with an empty line.");
            var target = head.Query.Length > 0 ? $"{head.Path}?{head.Query}" : head.Path;
            Holds.That(input.StartsWith(Encoding.ASCII.GetBytes("GET " + target)), "The target is what stands there.");
            Holds.That(head.WebSocketKey is null or { Length: 24 }, "A key has 24 letters.");
            Holds.That(RequestHead.TryRead(input[..(length - 1)], out _, out _) == RequestHeadOutcome.Incomplete, "Half a head is no head.");
        }
        else if (outcome == RequestHeadOutcome.Other)
        {
            byte[] longer = [.. input, .. "\r\n\r\n"u8];
            Holds.That(
                input.Length > RequestHead.MaxLength || RequestHead.TryRead(longer, out _, out _) != RequestHeadOutcome.Incomplete,
                "What was given up is not waited for.");
        }
    }
}
