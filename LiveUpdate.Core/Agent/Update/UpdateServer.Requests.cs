using System.Diagnostics.CodeAnalysis;

namespace LiveUpdate.Agent;

// What a client says.
internal sealed partial class UpdateServer
{
    // So many sessions or files fit a message whatever their names are.
    private const int PageLength = 400;

    private static readonly DateTime s_startedAt = System.Diagnostics.Process.GetCurrentProcess().StartTime.ToUniversalTime();

    private static readonly Comparer<AgentSessionInfo> s_order = Comparer<AgentSessionInfo>.Create(
        static (one, other) => Compare(one.IsIncoming, one.Name, other.IsIncoming, other.Name));

    private AgentInfo Agent => new(UpdateFrame.Version, Environment.ProcessId, _host.BackEnd, _host.KeepsState, _host.Generation);

    /// <summary>Carries out what a client says, and answers it.</summary>
    /// <exception cref="LiveUpdateException">EPROTO: it does not keep to the protocol, and is cut off.</exception>
    [SuppressMessage(
        "Design", "CA1031:Do not catch general exception types",
        Justification = "Whatever the server around it throws, the client gets an answer.")]
    internal void Handle(UpdateConnection connection, UpdateRequest request)
    {
        if (request.Kind == UpdateMessageKind.Hello ? connection.IsGreeted && !connection.IsAfterCrash : !connection.IsGreeted)
        {
            throw new LiveUpdateException(
                LiveUpdateError.Protocol,
                connection.IsGreeted ? "Hello is said once." : $"Hello is said first, not {request.Kind} ({(byte)request.Kind}).");
        }

        try
        {
            if (Answer(connection, request) is { } answer)
            {
                // Made here, so that one that is too long is an error like others.
                _ = answer.Frame;
                connection.Tell(answer);
            }
        }
        catch (LiveUpdateException exception)
        {
            connection.Tell(UpdateNotice.Failed(request.Number, request.Kind, exception.Error, exception.Reason));
        }
        catch (Exception exception)
        {
            UpdateLog.RequestFailed(_logger, (byte)request.Kind, connection.Key, exception);
            connection.Tell(UpdateNotice.Failed(
                request.Number, request.Kind, LiveUpdateError.InputOutput, UpdatePayload.Tidy(exception.Message)));
        }
    }

    // Null where the coordinator answers, in order with what it tells.
    private UpdateNotice? Answer(UpdateConnection connection, UpdateRequest request)
    {
        switch (request.Kind)
        {
            case UpdateMessageKind.Hello:
                return Greet(connection, request);
            case UpdateMessageKind.Status:
                return new(UpdateMessageKind.StatusAnswer) { Number = request.Number, Status = Describe() };
            case UpdateMessageKind.Sessions:
                return ListSessions(connection, request);
            case UpdateMessageKind.Files:
                return ListFiles(connection, request);
            case UpdateMessageKind.Check:
                return new(UpdateMessageKind.FindingsAnswer) { Number = request.Number, Findings = _host.Check() };
            case UpdateMessageKind.Load:
                ThrowIfNoAdministrator(connection);
                _host.Load(Checked(request.Image!));
                return UpdateNotice.Done(request);
            case UpdateMessageKind.Start:
                ThrowIfNoAdministrator(connection);
                ThrowIfBlocked();
                _coordinator.Handle(connection, request);
                return null;
            case UpdateMessageKind.Cancel:
                ThrowIfNoAdministrator(connection);
                _coordinator.Handle(connection, request);
                return null;
            case > default(UpdateMessageKind) and <= UpdateMessageKind.Load:
                _coordinator.Handle(connection, request);
                return null;
            default:
                throw new LiveUpdateException(LiveUpdateError.NotSupported, $"This agent knows no message of kind {(byte)request.Kind}.");
        }
    }

    private UpdateNotice Greet(UpdateConnection connection, UpdateRequest request)
    {
        if (request.Version < 1)
            throw new LiveUpdateException(LiveUpdateError.NotSupported, $"There is no version {request.Version} of this protocol.");
        if (!UpdatePayload.IsName(request.Name))
            throw new LiveUpdateException(LiveUpdateError.InvalidArgument, UpdatePayload.NameRule);
        (connection.Program, connection.IsGreeted) = (request.Name, true);
        return new(UpdateMessageKind.Welcome) { Number = request.Number, Agent = Agent };
    }

    private AgentStatus Describe()
    {
        UpdateCounts counts = _host.Counts;
        TimeSpan uptime = DateTime.UtcNow - s_startedAt;
        return _coordinator.Describe(new AgentStatus
        {
            Agent = Agent,
            Uptime = uptime > TimeSpan.Zero ? uptime : TimeSpan.Zero,
            DeviceConnections = counts.DeviceConnections,
            OutgoingSessions = counts.OutgoingSessions,
            IncomingSessions = counts.IncomingSessions,
            ParkedSessions = counts.ParkedSessions,
            Files = counts.Files,
            Bytes = counts.Bytes,
        });
    }

    private UpdateNotice ListSessions(UpdateConnection connection, UpdateRequest request)
    {
        IEnumerable<AgentSessionInfo> sessions = _host.ListSessions().Where(session => MaySee(connection, session));
        if (request.Session is { } last)
            sessions = sessions.Where(session => Compare(session.IsIncoming, session.Name, request.IsIncoming, last) > 0);
        AgentSessionInfo[] page =
        [
            .. sessions.Order(s_order).Take(PageLength + 1),
        ];
        return new(UpdateMessageKind.SessionsAnswer)
        {
            Number = request.Number,
            Sessions = [.. page.Take(PageLength)],
            HasMore = page.Length > PageLength,
        };
    }

    private UpdateNotice ListFiles(UpdateConnection connection, UpdateRequest request)
    {
        SessionName name = request.Session!.Value;

        // Another user's session is as good as none: its name is nobody else's business.
        bool isSeen = _host.ListSessions().Any(session =>
            session.Name == name && session.IsIncoming == request.IsIncoming && MaySee(connection, session));
        string side = request.IsIncoming ? "incoming" : "outgoing";
        IReadOnlyList<AgentFileInfo> files = (isSeen ? _host.ListFiles(name, request.IsIncoming) : null)
            ?? throw new LiveUpdateException(
                LiveUpdateError.NotFound, $"There is no {side} session \"{UpdatePayload.Tidy(name.ToString())}\" of yours.");
        int skip = (int)Math.Min(request.Skip, (uint)files.Count);
        return new(UpdateMessageKind.FilesAnswer)
        {
            Number = request.Number,
            Files = [.. files.Skip(skip).Take(PageLength)],
            HasMore = files.Count - skip > PageLength,
        };
    }

    private bool MaySee(UpdateConnection connection, AgentSessionInfo session) =>
        session.User == connection.User || _host.IsAdministrator(connection.User);

    private void ThrowIfNoAdministrator(UpdateConnection connection)
    {
        if (!_host.IsAdministrator(connection.User))
            throw new LiveUpdateException(LiveUpdateError.NotPermitted, $"User {connection.User} is no administrator of this agent.");
    }

    // Before anybody is told to prepare in vain.
    private void ThrowIfBlocked()
    {
        if (_host.Check().FirstOrDefault(static finding => finding.Severity == PreflightSeverity.Blocking) is { } finding)
            throw new LiveUpdateException(finding.Error, finding.ToString(), finding.Cause);
    }

    private static KernelImage Checked(KernelImage image)
    {
        foreach (string text in new[] { image.Path, image.Initrd ?? "/", image.CommandLine })
        {
            if (text.Contains('\0'))
                throw new LiveUpdateException(LiveUpdateError.InvalidArgument, "A path or a command line has a NUL.");
        }

        return image.Path.StartsWith('/') && image.Initrd?.StartsWith('/') != false
            ? image
            : throw new LiveUpdateException(
                LiveUpdateError.InvalidArgument, "The paths of kernel and initial RAM disk begin with a slash.");
    }

    private static int Compare(bool oneIsIncoming, SessionName one, bool otherIsIncoming, SessionName other) =>
        oneIsIncoming != otherIsIncoming ? oneIsIncoming.CompareTo(otherIsIncoming) : one.Utf8.SequenceCompareTo(other.Utf8);
}
