using System.Reflection;

namespace Orleans.Runtime;

/// <summary>Makes references that send from one node.</summary>
sealed class ReferenceFactory(Node node)
{
    public GrainReference Create(GrainId grainId, Type interfaceType)
    {
        var reference = (GrainReference)DispatchProxy.Create(interfaceType, typeof(GrainProxy));
        reference.Bind(node, grainId, interfaceType, GrainNames.InterfaceTypeOf(interfaceType));
        return reference;
    }

    public T Create<T>(GrainId grainId) => (T)(object)Create(grainId, typeof(T));
}
