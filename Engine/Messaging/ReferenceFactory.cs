using System.Collections.Concurrent;
using System.Reflection;

namespace Orleans.Runtime;

/// <summary>Makes references that send from one node.</summary>
sealed class ReferenceFactory(Node node)
{
    // One of each interface is made by the proxy generator, the others are its copies: a tenth of the time.
    static readonly ConcurrentDictionary<Type, GrainReference> Unbound = new();

    public GrainReference Create(GrainId grainId, Type interfaceType) => Unbound.GetOrAdd(interfaceType, static type =>
    {
        var reference = (GrainReference)DispatchProxy.Create(type, typeof(GrainProxy));
        reference.Know(type, GrainNames.InterfaceTypeOf(type));
        return reference;
    }).Bound(node, grainId);

    public T Create<T>(GrainId grainId) => (T)(object)Create(grainId, typeof(T));
}
