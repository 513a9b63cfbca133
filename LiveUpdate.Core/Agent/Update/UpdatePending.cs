namespace LiveUpdate.Agent;

/// <summary>A request that waits for its answer.</summary>
/// <param name="make">Makes the request with its number; again, with another one, when it is asked again.</param>
/// <param name="isRepeatable">Whether it can be asked again when the agent that took it died.</param>
/// <param name="answered">Called in order with everything else that the agent says, before the task ends; null for nobody.</param>
internal sealed class UpdatePending(Func<ulong, UpdateRequest> make, bool isRepeatable, Action<UpdateNotice>? answered)
{
    private readonly TaskCompletionSource<UpdateNotice> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether it can be asked again.</summary>
    public bool IsRepeatable => isRepeatable;

    /// <summary>Ends with the answer, which may be an error.</summary>
    public Task<UpdateNotice> Answer => _answer.Task;

    /// <summary>Makes the request.</summary>
    public UpdateRequest Make(ulong number) => make(number);

    /// <summary>The answer is there.</summary>
    public void Complete(UpdateNotice notice)
    {
        if (notice.Kind != UpdateMessageKind.Error)
            answered?.Invoke(notice);
        _answer.TrySetResult(notice);
    }

    /// <summary>There will be no answer.</summary>
    public void Fail(Exception exception)
    {
        // Who waited may have gone: nobody has to look at it.
        _answer.TrySetException(exception);
        _ = _answer.Task.Exception;
    }

    /// <summary>Nobody waits any more.</summary>
    public void Abandon() => _answer.TrySetCanceled();
}
