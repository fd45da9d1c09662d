namespace Tributary.Grains.VodEntries;

/// <inheritdoc cref="IVodEntryGrain"/>
/// <remarks>How far a volume has grown is written down now and then; the index on its node's disk knows it exactly.</remarks>
[GrainType("vod-entry")]
public sealed class VodEntryGrain(
    [PersistentState("vod-entry", GrainStorageName.Tributary)] IPersistentState<VodEntryGrainState> state, TimeProvider time) : Grain, IVodEntryGrain
{
    static readonly TimeSpan Checkpoint = TimeSpan.FromSeconds(10);

    long _written;

    string Id => this.GetPrimaryKeyString();

    VodEntryGrainState Stored => state.State;

    public async Task Record(string stream, string name)
    {
        if (Stored.Exists && Stored.State == VodEntryState.Recording)
        {
            return;
        }

        if (!Stored.Exists)
        {
            (Stored.Exists, Stored.Stream, Stored.Name, Stored.Created) = (true, stream, name, time.GetUtcNow());
            await GrainFactory.VodShardOf(Id).Add(Id);
        }

        Stored.State = VodEntryState.Recording;
        await Write();
    }

    public async Task<bool> Put(RecordedVolume[] volumes)
    {
        if (!Stored.Exists)
        {
            return false;
        }

        var isNews = false;
        foreach (var volume in volumes)
        {
            var known = Stored.Volumes.FindIndex(other => other.File == volume.File);
            if (known < 0)
            {
                Stored.Volumes.Add(volume);
                Stored.Volumes.Sort((one, other) => (one.Start90k, one.File).CompareTo((other.Start90k, other.File)));
            }
            else
            {
                isNews |= volume.Ended && !Stored.Volumes[known].Ended;
                Stored.Volumes[known] = volume;
            }

            isNews |= known < 0;
        }

        if (isNews || time.GetElapsedTime(_written) > Checkpoint)
        {
            await Write();
        }

        return true;
    }

    public async Task Complete()
    {
        if (Stored.Exists && Stored.State != VodEntryState.Ready)
        {
            Stored.State = VodEntryState.Ready;
            await Write();
        }
    }

    public async Task<bool> Delete()
    {
        if (!Stored.Exists)
        {
            return false;
        }

        await GrainFactory.VodShardOf(Id).Remove(Id);
        await state.ClearStateAsync();
        DeactivateOnIdle();
        return true;
    }

    public Task<VodEntryDescription?> Describe() => Task.FromResult(!Stored.Exists ? null : new VodEntryDescription
    {
        Id = Id,
        Name = Stored.Name,
        State = Stored.Volumes.Count == 0 && Stored.State == VodEntryState.Ready ? VodEntryState.Empty : Stored.State,
        Duration = RecordedVolume.DurationOf(Stored.Volumes),
        Created = Stored.Created,
        Stream = Stored.Stream,
        Volumes = [.. Stored.Volumes],
        Bytes = Stored.Volumes.Sum(volume => volume.Bytes),
    });

    Task Write()
    {
        _written = time.GetTimestamp();
        return state.WriteStateAsync();
    }
}

[GenerateSerializer, Alias("tributary.vod-entry-grain-state")]
public sealed class VodEntryGrainState
{
    [Id(0)] public bool Exists { get; set; }

    [Id(1)] public string Stream { get; set; } = "";

    [Id(2)] public string Name { get; set; } = "";

    [Id(3)] public DateTimeOffset Created { get; set; }

    [Id(4)] public VodEntryState State { get; set; }

    [Id(5)] public List<RecordedVolume> Volumes { get; set; } = [];
}
