using Microsoft.Extensions.DependencyInjection;
using Orleans.Core;
using Orleans.Runtime;

namespace Orleans;

/// <summary>The usual base of a grain class: a virtual actor that runs one turn at a time.</summary>
public abstract class Grain : IGrainBase, IAddressable
{
    readonly IGrainRuntime? _runtime;

    protected Grain() : this(RuntimeContext.Current!, null) { }

    protected Grain(IGrainContext grainContext, IGrainRuntime? grainRuntime = null)
    {
        GrainContext = grainContext;
        _runtime = grainRuntime ?? grainContext?.ActivationServices.GetRequiredService<IGrainRuntime>();
    }

    public IGrainContext GrainContext { get; }

    public GrainReference GrainReference => GrainContext.GrainReference;

    protected IGrainFactory GrainFactory => Runtime.GrainFactory;

    protected internal IServiceProvider ServiceProvider => GrainContext?.ActivationServices ?? Runtime.ServiceProvider;

    /// <summary>The id of this grain as text.</summary>
    public string IdentityString => GrainContext?.GrainId.ToString() ?? "";

    /// <summary>The silo that this activation runs on, as text.</summary>
    public string RuntimeIdentity => Runtime.SiloIdentity;

    IGrainRuntime Runtime => _runtime ?? throw new InvalidOperationException("The grain was made outside of a silo.");

    /// <summary>Ends this activation once the turns that run are over; the next call makes another.</summary>
    protected void DeactivateOnIdle() => Runtime.DeactivateOnIdle(GrainContext);

    /// <summary>Moves this activation to another silo once the turns that run are over.</summary>
    protected void MigrateOnIdle() => ((IGrainBase)this).MigrateOnIdle();

    /// <summary>Keeps the activation from being collected for being idle, at least for this time; a negative time takes that back.</summary>
    protected void DelayDeactivation(TimeSpan timeSpan) => Runtime.DelayDeactivation(GrainContext, timeSpan);

    public virtual Task OnActivateAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public virtual Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>A grain with one state, kept by the provider that <see cref="Providers.StorageProviderAttribute"/> names, else the one named Default.</summary>
public class Grain<TGrainState> : Grain
{
    readonly IStorage<TGrainState> _storage;

    protected Grain() => _storage = GrainContext.ActivationServices.GetRequiredService<IGrainRuntime>().GetStorage<TGrainState>(GrainContext);

    protected Grain(IStorage<TGrainState> storage) => _storage = storage;

    protected TGrainState State
    {
        get => _storage.State;
        set => _storage.State = value;
    }

    protected virtual Task ClearStateAsync() => _storage.ClearStateAsync();

    protected virtual Task WriteStateAsync() => _storage.WriteStateAsync();

    protected virtual Task ReadStateAsync() => _storage.ReadStateAsync();
}
