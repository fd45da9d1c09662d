using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Orleans.Connections.Security;

namespace Orleans.Runtime;

/// <summary>TLS on the connections between nodes, before anything else is said on them: each end shows its certificate to the other.</summary>
sealed class TcpTls(TlsOptions options)
{
    readonly SslStreamCertificateContext _own = SslStreamCertificateContext.Create(options.LocalCertificate, null, offline: true);

    bool Asks => options.RemoteCertificateMode != RemoteCertificateMode.NoCertificate;

    /// <summary>The end that was called.</summary>
    /// <exception cref="IOException">The caller speaks no TLS, or its certificate is not accepted.</exception>
    public Task<Stream> Accept(Stream plain, CancellationToken cancellationToken) => Secure(
        plain, "the caller speaks no TLS that is accepted here", secured => secured.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificateContext = _own,
                ClientCertificateRequired = Asks,
                AllowTlsResume = false,   // a connection lives for days: each shows its certificate anew
                RemoteCertificateValidationCallback = IsAccepted,
            },
            cancellationToken));

    /// <summary>The calling end.</summary>
    /// <exception cref="IOException">The other end speaks no TLS, or its certificate is not accepted.</exception>
    public Task<Stream> Call(Stream plain, CancellationToken cancellationToken) => Secure(
        plain, "there is no TLS with the other end", secured => secured.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                ClientCertificateContext = options.ClientCertificateMode == RemoteCertificateMode.NoCertificate ? null : _own,
                AllowTlsResume = false,
                RemoteCertificateValidationCallback = IsAccepted,
            },
            cancellationToken));

    static async Task<Stream> Secure(Stream plain, string problem, Func<SslStream, Task> shakeHands)
    {
        var secured = new SslStream(plain);
        try
        {
            await shakeHands(secured);
            return secured;
        }
        catch (Exception exception)
        {
            await secured.DisposeAsync();
            if (exception is AuthenticationException or IOException)
            {
                throw new IOException($"{problem}: {exception.Message}", exception);
            }

            throw;
        }
    }

    bool IsAccepted(object sender, X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors) =>
        shown is null ? options.RemoteCertificateMode != RemoteCertificateMode.RequireCertificate
        : options.RemoteCertificateValidation is { } validation ? validation((X509Certificate2)shown, chain!, errors)
        : errors == SslPolicyErrors.None;
}
