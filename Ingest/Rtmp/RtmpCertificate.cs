using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Grains.ServerNodes;

namespace Tributary.Ingest.Rtmp;

/// <summary>The certificate of RTMP over TLS.</summary>
sealed class RtmpCertificate(IOptions<RtmpOptions> options, TimeProvider time, ILogger<RtmpCertificate> log)
    : NodeCertificate("RTMP over TLS", Files(options.Value), time, log)
{
    static CertificateFiles Files(RtmpOptions options) => new(options.CertificatePath, options.KeyPath, options.PfxPath, options.PfxPassword);
}
