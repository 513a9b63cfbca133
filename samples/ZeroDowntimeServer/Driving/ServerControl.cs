using System.Diagnostics;
using System.Threading.Channels;
using ZeroDowntimeServer.Protocol;
using ZeroDowntimeServer.Serving;

namespace ZeroDowntimeServer.Driving;

/// <summary>
/// The server as the driver sees it, whichever generation it is: commands go to its standard input, answers come from its standard output.
/// Both are inherited by every generation, and the end of the former ends the server.
/// </summary>
internal sealed class ServerControl : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(120);

    private readonly Process _first;
    private readonly Channel<string> _said = Channel.CreateUnbounded<string>();
    private readonly Task _listening;

    private ServerControl(Process first)
    {
        _first = first;
        _listening = ListenAsync();
    }

    /// <summary>Where it listens, in every generation.</summary>
    public int Port { get; private set; }

    /// <summary>Starts the first generation.</summary>
    public static async Task<ServerControl> StartAsync(CancellationToken cancellationToken)
    {
        // The host and the assembly for "dotnet app.dll"; the program alone otherwise.
        string program = Environment.ProcessPath!;
        bool isHost = Path.GetFileNameWithoutExtension(program) == "dotnet";
        string[] arguments = isHost ? [Environment.GetCommandLineArgs()[0], ServerProcess.Argument] : [ServerProcess.Argument];
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true };
        var server = new ServerControl(Process.Start(start)!);
        try
        {
            server.Port = (int)(await server.HearAsync(cancellationToken, ServerNotice.Ready)).Number(0);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Has it updated.</summary>
    /// <returns>Whether a new generation serves, or the update was called off.</returns>
    public async Task<ServerNotice> UpdateAsync(Sabotage sabotage, CancellationToken cancellationToken)
    {
        await _first.StandardInput.WriteLineAsync(sabotage == Sabotage.None ? ServerCommand.Update : $"{ServerCommand.Update} {sabotage}");
        return await HearAsync(cancellationToken, ServerNotice.Updated, ServerNotice.CalledOff);
    }

    /// <summary>Has it say what it served, and end.</summary>
    public async Task<ServerNotice> StopAsync(CancellationToken cancellationToken)
    {
        await _first.StandardInput.WriteLineAsync(ServerCommand.Stop);
        return await HearAsync(cancellationToken, ServerNotice.Stopped);
    }

    /// <summary>Returns when no generation is left: the last one to end closes the output.</summary>
    public async ValueTask DisposeAsync()
    {
        _first.StandardInput.Close();
        try
        {
            await _listening.WaitAsync(s_limit);
        }
        finally
        {
            _first.Dispose();
        }
    }

    private async Task<ServerNotice> HearAsync(CancellationToken cancellationToken, params string[] expected)
    {
        if (!await _said.Reader.WaitToReadAsync(cancellationToken).AsTask().WaitAsync(s_limit, cancellationToken))
            throw new LostException("The server has ended.");
        string line = await _said.Reader.ReadAsync(cancellationToken);
        ServerNotice notice = ServerNotice.Parse(line);
        return expected.Contains(notice.Kind) ? notice : throw new LostException($"The server said \"{line}\".");
    }

    private async Task ListenAsync()
    {
        while (await _first.StandardOutput.ReadLineAsync() is { } line)
            _said.Writer.TryWrite(line);
        _said.Writer.Complete();
    }
}
