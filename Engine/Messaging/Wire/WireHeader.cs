namespace Orleans.Runtime;

/// <summary>What is known of a message before its body is read: enough to pass it on, or to send it back.</summary>
/// <param name="Call">Interface and method of a call; empty for others.</param>
sealed record WireHeader(
    MessageKind Kind, long Id, SiloAddress Sender, GrainId SenderGrain, SiloAddress Target, GrainId TargetGrain, SiloAddress? Via, SiloAddress? Gateway,
    SiloAddress? Redirect, bool IsPlaced, int ForwardCount, string Call);
