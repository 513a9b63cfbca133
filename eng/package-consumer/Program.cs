using LiveUpdate;

// A stranger's program: one note crosses a generation change, by nothing but the package.
var note = new Note("from generation 0");
LiveUpdateOptions options = MakeOptions();
using LiveUpdateOrchestrator first = LiveUpdateOrchestrator.Boot(options);
using (LiveUpdateDevice device = first.OpenDevice())
    device.CreateSession("notes").Preserve(1UL, note);

using LiveUpdateOrchestrator second = first.HandOver(HandoverTarget.InProcess(MakeOptions())).Next;
using LiveUpdateDevice next = second.OpenDevice();
using Session session = next.RetrieveSession("notes");
Note copy = session.Retrieve<Note>(1UL);
session.Finish();
Console.WriteLine($"The package works: \"{copy.Text}\" arrived in generation {second.UpdateNumber}.");
return copy.Text == note.Text ? 0 : 1;

static LiveUpdateOptions MakeOptions() => new() { Handlers = { new StateHandler<Note>("note-v1", new NoteFormatter()) } };
