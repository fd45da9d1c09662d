using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Grains.Access.Hooks;
using Tributary.Grains.Access.Tokens;

namespace Tributary.Grains.Access;

public static class AccessHosting
{
    /// <summary>
    /// Registers who may publish and play, and hooks; once, however often it is called. The host has a grain factory, a
    /// <see cref="ServerNodes.NodeIdentity"/> and a <see cref="TimeProvider"/>.
    /// </summary>
    public static IServiceCollection AddAccess(this IServiceCollection services, IConfiguration configuration)
    {
        if (services.Any(static service => service.ServiceType == typeof(AccessPolicy)))
        {
            return services;
        }

        // A slip of the pen in here would open what was to be closed.
        services.AddOptions<AccessOptions>().Bind(configuration.GetSection("Access"), static binder => binder.ErrorOnUnknownConfiguration = true).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<AccessOptions>, AccessValidation>());
        services.AddSingleton<AccessMetrics>();
        services.AddSingleton<AccessRules>();
        services.AddHostedService(static provider => provider.GetRequiredService<AccessRules>());
        services.AddSingleton<Lockout>();
        services.AddSingleton<JwtKeys>();
        services.AddSingleton<HookHttp>();
        services.AddSingleton<HookAsker>();
        services.AddSingleton(static provider => new HookSpool(
            provider.GetRequiredService<IOptions<AccessOptions>>().Value.Delivery.Folder, provider.GetRequiredService<ILogger<HookSpool>>()));
        services.AddSingleton<HookTeller>();
        services.AddHostedService(static provider => provider.GetRequiredService<HookTeller>());
        services.AddSingleton<AccessPolicy>();
        return services;
    }
}
