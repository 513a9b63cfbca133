using System.Collections.Concurrent;
using System.Runtime.Versioning;

namespace LiveUpdate.Agent;

/// <summary>The accounts of all users that have come by.</summary>
[SupportedOSPlatform("linux")]
internal sealed class UserAccounts(AgentServerOptions options)
{
    private readonly ConcurrentDictionary<uint, UserAccount> _accounts = new();

    /// <summary>The account of a user.</summary>
    public UserAccount Of(uint user) => _accounts.GetOrAdd(user, static (id, options) => new UserAccount(id, options), options);
}
