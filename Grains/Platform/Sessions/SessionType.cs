namespace Tributary.Grains.Platform.Sessions;

/// <summary>Who a session is for. One and above count as administrators.</summary>
public enum SessionType
{
    User = 0,
    Admin = 2,
}
