namespace Tributary.Gateway.Api;

/// <summary>Who may command over the operations API ("Api"). Reading is open; put a proxy in front where it must not be.</summary>
public sealed class ApiOptions
{
    /// <summary>
    /// What a command carries as <c>Authorization: Bearer TOKEN</c>, at least 16 characters, the same at every gateway. Empty: commands are taken from
    /// this machine only, and from no web page.
    /// </summary>
    public string Token { get; set; } = "";

    /// <summary>Whether the token is absent, or long enough not to be guessed.</summary>
    public static bool IsValid(ApiOptions options) => options.Token.Length is 0 or >= 16;
}
