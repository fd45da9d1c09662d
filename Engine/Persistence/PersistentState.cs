using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Core;
using Orleans.Providers;
using Orleans.Storage;

namespace Orleans
{
    /// <summary>Marks attributes of constructor parameters that the engine fills in.</summary>
    public interface IFacetMetadata;
}

namespace Orleans.Runtime
{
    /// <summary>Names a persistent state and its provider.</summary>
    public interface IPersistentStateConfiguration
    {
        string StateName { get; }

        string? StorageName { get; }
    }

    /// <summary>A state of a grain; it is read before OnActivateAsync.</summary>
    public interface IPersistentState<TState> : IStorage<TState>;

    /// <summary>Put on a constructor parameter of type <see cref="IPersistentState{TState}"/>.</summary>
    [AttributeUsage(AttributeTargets.Parameter)]
    public class PersistentStateAttribute(string stateName, string? storageName = null) : Attribute, IFacetMetadata, IPersistentStateConfiguration
    {
        public string StateName { get; } = stateName;

        public string? StorageName { get; } = storageName;
    }

    /// <summary>One state of one activation: holds what was read, writes with its ETag, travels when the grain moves.</summary>
    sealed class PersistentState<TState> : IPersistentState<TState>, IGrainMigrationParticipant
    {
        readonly string _name;
        readonly IGrainContext _context;
        readonly IGrainStorage _storage;
        GrainState<TState> _state = new(NewState());

        public PersistentState(string name, IGrainContext context, IGrainStorage storage)
        {
            _name = name;
            _context = context;
            _storage = storage;
            context.ObservableLifecycle.AddMigrationParticipant(this);
            context.ObservableLifecycle.Subscribe($"{GetType().Name}/{name}", GrainLifecycleStage.SetupState, Load);
        }

        bool IsLoaded { get; set; }

        public TState State
        {
            get => _state.State!;
            set => _state.State = value;
        }

        public string? Etag => _state.ETag;

        public bool RecordExists => _state.RecordExists;

        public Task ReadStateAsync() => ReadStateAsync(CancellationToken.None);

        public Task WriteStateAsync() => WriteStateAsync(CancellationToken.None);

        public Task ClearStateAsync() => ClearStateAsync(CancellationToken.None);

        public async Task ReadStateAsync(CancellationToken cancellationToken)
        {
            await _storage.ReadStateAsync(_name, _context.GrainId, _state, cancellationToken);
            _state.State ??= NewState();
            IsLoaded = true;
        }

        public Task WriteStateAsync(CancellationToken cancellationToken) => _storage.WriteStateAsync(_name, _context.GrainId, _state, cancellationToken);

        public async Task ClearStateAsync(CancellationToken cancellationToken)
        {
            await _storage.ClearStateAsync(_name, _context.GrainId, _state, cancellationToken);
            _state.State ??= NewState();
        }

        public void OnDehydrate(IDehydrationContext dehydrationContext) => dehydrationContext.TryAddValue($"state.{_name}", _state);

        public void OnRehydrate(IRehydrationContext rehydrationContext)
        {
            if (rehydrationContext.TryGetValue<GrainState<TState>>($"state.{_name}", out var state))
            {
                _state = state;
                IsLoaded = true;
            }
        }

        Task Load(CancellationToken cancellationToken) => IsLoaded ? Task.CompletedTask : ReadStateAsync(cancellationToken);

        static TState NewState() => typeof(TState).IsValueType ? default! : Activator.CreateInstance<TState>();
    }

    /// <summary>Makes the states of grains, with the provider that each names: a keyed service, "Default" when none is named.</summary>
    static class PersistentStates
    {
        public static Func<IServiceProvider, object> FactoryFor(ParameterInfo parameter, IPersistentStateConfiguration configuration)
        {
            if (!parameter.ParameterType.IsGenericType || parameter.ParameterType.GetGenericTypeDefinition() != typeof(IPersistentState<>))
            {
                throw new ArgumentException($"Parameter {parameter.Name} has [PersistentState] but is {parameter.ParameterType}, not IPersistentState<T>.");
            }

            var type = typeof(PersistentState<>).MakeGenericType(parameter.ParameterType.GetGenericArguments());
            var name = configuration.StateName is { Length: > 0 } given ? given : parameter.Name!;
            return services => Activator.CreateInstance(type, name, RuntimeContext.Current!, Provider(services, configuration.StorageName, RuntimeContext.Current!))!;
        }

        public static IStorage<TState> OfGrain<TState>(IGrainContext context)
        {
            var name = context.GrainInstance?.GetType() ?? ((Activation)context).Class.Type;
            var provider = name.GetCustomAttribute<StorageProviderAttribute>(inherit: true)?.ProviderName;
            return new PersistentState<TState>(typeof(TState).Name, context, Provider(context.ActivationServices, provider, context));
        }

        static IGrainStorage Provider(IServiceProvider services, string? name, IGrainContext context)
        {
            var provider = string.IsNullOrEmpty(name) || name == ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME
                ? services.GetKeyedService<IGrainStorage>(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME) ?? services.GetService<IGrainStorage>()
                : services.GetKeyedService<IGrainStorage>(name);
            return provider ?? throw new BadProviderConfigException(string.IsNullOrEmpty(name)
                ? $"No default storage provider found loading grain type {((Activation)context).Class.Type.FullName}."
                : $"No storage provider named \"{name}\" found loading grain type {((Activation)context).Class.Type.FullName}.");
        }
    }
}
