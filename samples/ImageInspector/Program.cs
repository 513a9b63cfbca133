using ImageInspector;
using LiveUpdate;
using LiveUpdate.Kho;
using LiveUpdate.Samples.Rendering;
using Spectre.Console;

// Looks into a hand-over that was captured between two kernels: DIR/fdt.bin and DIR/pages.bin.gz.
// Exit codes: 0 read, 1 the image is damaged, 2 wrong arguments or a file that cannot be read.
const int Damaged = 1;
const int Unusable = 2;

bool json = args.Contains("--json");
string[] directories = [.. args.Where(argument => argument != "--json")];
if (directories.Length != 1 || directories[0].StartsWith('-'))
{
    Console.Error.WriteLine("usage: ImageInspector [--json] DIR");
    return Unusable;
}

try
{
    KhoImage image = KhoImage.Load(directories[0]);
    using KhoMemory memory = image.Memory;
    LuoImage? luo = LuoImage.Read(image);
    if (json)
        ImageJson.Write(image, luo, Console.OpenStandardOutput());
    else
        Write(ImageView.Of(image, luo));
    return 0;
}
catch (LiveUpdateImageException exception)
{
    Console.Error.WriteLine($"{directories[0]} is damaged: {exception.Message}");
    return Damaged;
}
catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"{directories[0]} cannot be read: {exception.Message}");
    return Unusable;
}

static void Write(Page page)
{
    if (Console.IsOutputRedirected)
        PlainPage.Write(Console.Out, page);
    else
        AnsiConsole.Write(RichPage.Render(page));
}
