namespace Orleans.Runtime;

/// <summary>What a silo says in answer to a heartbeat.</summary>
sealed record Pong(long Number, int Activations);
