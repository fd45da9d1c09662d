namespace Orleans.Runtime;

/// <summary>The other end of a connection that was accepted.</summary>
sealed class Guest(IConnection connection, string client)
{
    int _unanswered;

    public IConnection Connection => connection;

    /// <summary>The id of a client.</summary>
    public string Client => client;

    /// <summary>True when no request comes any more.</summary>
    public bool SaidLast { get; set; }

    /// <summary>Requests that came from here, less the answers that went back.</summary>
    public int Unanswered => Volatile.Read(ref _unanswered);

    /// <summary>Over when the other end has read everything and closed too.</summary>
    public Task Finish()
    {
        connection.Finish();
        return connection.Closed;
    }

    // An answer can be faster than the count of its request: the sum is what matters.
    public void Asked(MessageKind kind) => Interlocked.Add(ref _unanswered, kind == MessageKind.Request ? 1 : 0);

    public void Answered(MessageKind kind) => Interlocked.Add(ref _unanswered, kind == MessageKind.Response ? -1 : 0);
}
