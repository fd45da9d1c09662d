namespace Tributary.Grains.Access.Hooks;

/// <summary>Something that happened to a stream, for hooks.</summary>
/// <param name="What">What happened.</param>
/// <param name="Stream">To which stream.</param>
/// <param name="At">When.</param>
public sealed record StreamEvent(HookEvent What, string Stream, DateTimeOffset At)
{
    /// <summary>Names this event: the same in every attempt to deliver it.</summary>
    public Guid Id { get; init; } = Guid.NewGuid();

    /// <summary>The publisher or viewer that it is about; the same in the event of its end.</summary>
    public Guid Session { get; init; }

    public string Address { get; init; } = "";

    public string Protocol { get; init; } = "";

    public string UserAgent { get; init; } = "";

    /// <summary>The query with which it came; may hold secrets: only the shape of SRS has it.</summary>
    public string Query { get; init; } = "";

    /// <summary>Why it ended; empty for others.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Of a recording: the file, below the folder of recordings, and below <c>/rec/</c> of every gateway.</summary>
    public string File { get; init; } = "";

    /// <summary>Of a recording: how long the file is.</summary>
    public TimeSpan Duration { get; init; }

    // Secrets stay out of whatever prints it.
    public override string ToString() => $"{What} '{Stream}' {Id}";
}
