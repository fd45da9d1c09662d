namespace Orleans.Runtime;

/// <summary>
/// Carries messages between nodes: at most once, in order for each pair of nodes. A request that cannot be delivered is answered with a rejection where the link
/// knows it, else it is lost and its caller waits for its timeout.
/// </summary>
interface IMessageLink
{
    /// <summary>Takes the message to <see cref="Message.Target"/>; returns at once.</summary>
    void Send(Message message);
}
