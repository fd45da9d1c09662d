// Processes that are killed, stopped and timed: nothing else may run beside them on two cores.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
