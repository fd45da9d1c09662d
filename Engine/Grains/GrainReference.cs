using System.Reflection;

namespace Orleans.Runtime;

/// <summary>Names a grain (or an observer) and sends calls to it. It is a small value: making, copying and comparing it touches no silo.</summary>
public class GrainReference : DispatchProxy, IAddressable, IEquatable<GrainReference>
{
    private protected GrainReference() { }

    public GrainId GrainId { get; private set; }

    public GrainInterfaceType InterfaceType { get; private set; }

    public string InterfaceName { get; private set; } = "";

    /// <summary>The node that sends its calls; within a turn it is the turn's own silo, wherever the reference came from.</summary>
    internal Node Node { get => RuntimeContext.CurrentActivation?.Silo ?? field; private set; } = null!;

    internal Type ClrInterface { get; private set; } = null!;

    public virtual TGrainInterface Cast<TGrainInterface>() where TGrainInterface : IAddressable => this.AsReference<TGrainInterface>();

    public bool Equals(GrainReference? other) => other is not null && GrainId == other.GrainId;

    public override bool Equals(object? obj) => Equals(obj as GrainReference);

    public override int GetHashCode() => GrainId.GetHashCode();

    public uint GetUniformHashCode() => GrainId.GetUniformHashCode();

    public override string ToString() => $"GrainReference:{GrainId}:{InterfaceType}";

    internal void Know(Type clrInterface, GrainInterfaceType interfaceType)
    {
        ClrInterface = clrInterface;
        InterfaceType = interfaceType;
        InterfaceName = clrInterface.Name;
    }

    /// <summary>A reference of the same interface to that grain, which sends from that node.</summary>
    internal GrainReference Bound(Node node, GrainId grainId)
    {
        var reference = (GrainReference)MemberwiseClone();
        reference.Node = node;
        reference.GrainId = grainId;
        return reference;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => throw new NotSupportedException();

    public static bool operator ==(GrainReference? reference1, GrainReference? reference2) => reference1?.Equals(reference2) ?? reference2 is null;

    public static bool operator !=(GrainReference? reference1, GrainReference? reference2) => !(reference1 == reference2);
}

/// <summary>What the proxies of grain interfaces derive from.</summary>
class GrainProxy : GrainReference
{
    public GrainProxy() { }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        Node.Calls.Send(this, MethodDescriptor.For(targetMethod!), args ?? []);
}
