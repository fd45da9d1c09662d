namespace Orleans.Runtime;

/// <summary>The life of an activation, in order.</summary>
enum ActivationState : byte
{
    /// <summary>Registers, reads its state, runs OnActivateAsync. Calls wait.</summary>
    Activating,
    Valid,
    /// <summary>Starts no turn any more; ends when those that run are over. Calls wait, and are sent on at the end.</summary>
    Deactivating,
    Gone
}
