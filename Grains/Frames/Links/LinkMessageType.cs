namespace Tributary.Grains.Frames.Links;

/// <summary>
/// What travels on a frame link. Every message is <c>length (4 bytes, big endian, of what follows) type (1 byte) body</c>; numbers in bodies are
/// LEB128, signed ones zigzag; texts and byte strings are preceded by their length.
/// </summary>
public enum LinkMessageType : byte
{
    /// <summary>subscription, stream name, first media sequence number wanted.</summary>
    Subscribe = 1,

    /// <summary>subscription.</summary>
    Unsubscribe = 2,

    /// <summary>subscription, bytes that the subscriber is ready to take in addition.</summary>
    Credit = 3,

    /// <summary>subscription, number of the configuration, its fields: later frames name it by that number.</summary>
    Track = 16,

    /// <summary>subscription, the segment's fields: the frames that follow belong to the segment named by its number.</summary>
    Segment = 17,

    /// <summary>subscription, configuration number, media sequence number, part, times, flags, the coded bytes to the message's end.</summary>
    Frame = 18,

    /// <summary>subscription, <see cref="StreamSignal"/>.</summary>
    Signal = 19,

    /// <summary>subscription, a sentence: this host does not have the stream.</summary>
    Refused = 20,

    /// <summary>subscription: what was asked for of the past has been sent; what follows is as new as it is at its source.</summary>
    CaughtUp = 21,

    /// <summary>subscription, ticks of 90 kHz from the decoding time of its frame, a text: what the frame that follows carries with it.</summary>
    Metadata = 22,
}
