/*
 * A client of the agent's device socket in plain C (docs/agent.md): it keeps files across an update, as a program would that has no
 * library.
 *
 *   client [--as-is] [--stop-after N] DIRECTORY create|claim|live SESSION FILE...
 *
 * create makes the session and preserves each file in it, under the tokens 0, 1, 2 ...: its contents in a memfd, or with --as-is the
 * file itself, which has to be a memfd then. It holds the session until the agent has handed it over, and exits. claim retrieves the
 * session, compares what comes back with the files, and finishes. live is both, one after the other. --stop-after is for tests: the
 * process kills itself when that many frames have gone to and fro.
 *
 * Exit codes: 0 done, 1 refused or not the same, 2 wrong arguments, 3 no agent.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "The protocol is little-endian; swap the numbers here."
#endif

enum {
    CREATE_SESSION = 0xBA00,
    RETRIEVE_SESSION = 0xBA01,
    PRESERVE = 0xBA40,
    RETRIEVE = 0xBA41,
    FINISH = 0xBA42,

    GREETING = 0x01,
    RESUMED = 0x02,
    ENDED = 0x03,
};

enum { VERSION = 1, LONGEST_STRUCT = 4096, NAME_SIZE = 64 };
enum { DONE, REFUSED, USAGE, NO_AGENT };

struct session_args { uint32_t size; int32_t fd; char name[NAME_SIZE]; };
struct file_args { uint32_t size; int32_t fd; uint64_t token; };
struct finish_args { uint32_t size; uint32_t reserved; };

struct request { uint32_t length, number; uint8_t body[LONGEST_STRUCT]; };
struct answer { uint32_t length, number; int32_t error; uint8_t body[LONGEST_STRUCT]; };

enum { REQUEST_HEADER = 8, ANSWER_HEADER = 12 };

/* A connection to the device, or a session: both speak frames. count is how many requests were sent on it. */
struct connection { int fd; uint32_t count; };

static unsigned long stop_after, frames;

static void fail(int code, int error, const char *what, const char *which)
{
    fprintf(stderr, "client: %s %s: %s (errno %d)\n", what, which, strerror(error), error);
    exit(code);
}

static void say(const char *what, const char *which)
{
    printf("%s %s\n", what, which);
    fflush(stdout);
}

static void frame_passed(void)
{
    if (++frames == stop_after)
        raise(SIGKILL);
}

/* One frame, one sendmsg; a descriptor beside it unless that is -1. */
static int send_frame(struct connection *to, const struct request *frame, int descriptor)
{
    union { struct cmsghdr header; char room[CMSG_SPACE(sizeof(int))]; } control = { 0 };
    struct iovec bytes = { .iov_base = (void *)frame, .iov_len = frame->length };
    struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1 };
    ssize_t sent;

    if (descriptor >= 0) {
        message.msg_control = control.room;
        message.msg_controllen = sizeof control.room;
        struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(rights), &descriptor, sizeof descriptor);
    }
    do
        sent = sendmsg(to->fd, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return errno;

    /* The socket blocks and has room: one request at a time is on the way. */
    if ((size_t)sent != frame->length)
        return EPROTO;
    to->count++;
    frame_passed();
    return 0;
}

/* A descriptor comes with the first byte of its frame: whoever reads that without room for it loses it. */
static int receive_exactly(int from, void *to, size_t size, int *descriptor)
{
    while (size > 0) {
        union { struct cmsghdr header; char room[CMSG_SPACE(sizeof(int))]; } control;
        struct iovec bytes = { .iov_base = to, .iov_len = size };
        struct msghdr message = {
            .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room,
        };
        ssize_t received = recvmsg(from, &message, MSG_CMSG_CLOEXEC);

        if (received < 0 && errno == EINTR)
            continue;
        if (received < 0)
            return errno;
        if (received == 0)
            return ECONNRESET;
        struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
        if (rights && rights->cmsg_level == SOL_SOCKET && rights->cmsg_type == SCM_RIGHTS && *descriptor < 0)
            memcpy(descriptor, CMSG_DATA(rights), sizeof *descriptor);
        if (message.msg_flags & MSG_CTRUNC)
            return EMFILE;
        to = (char *)to + received;
        size -= (size_t)received;
    }
    return 0;
}

/* The descriptor that came beside the frame is the caller's; -1 if none did. */
static int receive_frame(struct connection *from, struct answer *frame, int *descriptor)
{
    int error;

    *descriptor = -1;
    error = receive_exactly(from->fd, frame, ANSWER_HEADER, descriptor);
    if (!error && (frame->length < ANSWER_HEADER || frame->length > sizeof *frame))
        error = EPROTO;
    if (!error)
        error = receive_exactly(from->fd, frame->body, frame->length - ANSWER_HEADER, descriptor);
    if (!error) {
        frame_passed();
        return 0;
    }
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
    return error;
}

/* The field behind the size in a frame of the agent's own; a frame too short to have it has 0 there. */
static uint32_t own_field(const struct answer *frame)
{
    uint32_t field = 0;

    if (frame->length >= ANSWER_HEADER + 2 * sizeof field)
        memcpy(&field, frame->body + sizeof field, sizeof field);
    return field;
}

/* Waits for the answer to the last request. EINTR: it was not carried out, or its answer is lost, and it may be sent again. */
static int receive_answer(struct connection *from, uint32_t number, uint32_t length, int *descriptor)
{
    struct answer frame;

    for (;;) {
        int error = receive_frame(from, &frame, descriptor);
        if (error)
            return error;
        switch (frame.number) {
        case ENDED:
            return frame.error ? frame.error : ECONNRESET;
        case GREETING:
            /* An agent that died and came back greets once more if it is not known whether it had. */
            continue;
        case RESUMED:
            /* The agent died and came back. What it says of an earlier request is no news: this one's answer comes still. */
            if (own_field(&frame) != from->count)
                continue;
            if (frame.error)
                return frame.error;
            return number == PRESERVE || number == FINISH ? 0 : EINTR;
        default:
            if (frame.number == number && (frame.error || frame.length == ANSWER_HEADER + length))
                return frame.error;
            if (*descriptor >= 0)
                close(*descriptor);
            *descriptor = -1;
            return EPROTO;
        }
    }
}

/* What ioctl would do: 0 or the errno. */
static int request(struct connection *on, uint32_t number, const void *args, uint32_t size, int beside, int *opened)
{
    struct request frame = { .length = REQUEST_HEADER + size, .number = number };
    int surplus = -1;
    int *descriptor = opened ? opened : &surplus;
    int error;

    memcpy(frame.body, args, size);
    do {
        error = send_frame(on, &frame, beside);

        /* A connection that has ended says why in its last frame, which lies in the socket still. */
        if (!error || error == EPIPE || error == ECONNRESET)
            error = receive_answer(on, number, size, descriptor);
    } while (error == EINTR);
    if (surplus >= 0)
        close(surplus);
    return !error && opened && *opened < 0 ? EPROTO : error;
}

/* Connects and reads the greeting; tries again every 50 ms, since an agent may be on its way up. */
static int connect_device(const char *directory, struct connection *device, int attempts)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct answer greeting;
    int surplus, error = 0;

    if (snprintf(address.sun_path, sizeof address.sun_path, "%s/device", directory) >= (int)sizeof address.sun_path)
        return ENAMETOOLONG;
    for (;;) {
        *device = (struct connection){ .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) };
        if (device->fd < 0)
            return errno;
        if (connect(device->fd, (struct sockaddr *)&address, sizeof address) == 0) {
            error = receive_frame(device, &greeting, &surplus);
            if (surplus >= 0)
                close(surplus);
            if (!error)
                error = greeting.error;
            if (!error && (greeting.number != GREETING || own_field(&greeting) != VERSION))
                error = EPROTO;
        } else {
            error = errno;
        }
        if (!error)
            return 0;
        close(device->fd);
        if (--attempts <= 0 || (error != ENOENT && error != ECONNREFUSED && error != ECONNRESET && error != ESHUTDOWN))
            return error;
        nanosleep(&(struct timespec){ .tv_nsec = 50 * 1000 * 1000 }, NULL);
    }
}

static struct connection open_session(struct connection *device, const char *directory, uint32_t number, const char *name)
{
    const char *what = number == CREATE_SESSION ? "create session" : "retrieve session";
    struct session_args args = { .size = sizeof args, .fd = -1 };
    struct connection session = { .fd = -1 };
    int attempts = 1, error = 0;

    if (strlen(name) >= sizeof args.name)
        fail(REFUSED, EINVAL, what, name);
    strcpy(args.name, name);

    /* A connection from before the update goes on or has ended, as the agent can: then this one connects anew. */
    if (device->fd >= 0)
        error = request(device, number, &args, sizeof args, -1, &session.fd);
    if (device->fd >= 0 && (error == ESHUTDOWN || error == ECONNRESET)) {
        close(device->fd);
        device->fd = -1;
        attempts = 600;
    }
    if (device->fd < 0) {
        error = connect_device(directory, device, attempts);
        if (error)
            fail(error == ENOENT || error == ECONNREFUSED ? NO_AGENT : REFUSED, error, "connect to", directory);
        error = request(device, number, &args, sizeof args, -1, &session.fd);
    }
    if (error)
        fail(REFUSED, error, what, name);
    return session;
}

/* The descriptor's close alone does the same; this one waits until the agent has closed the session, and learns whether it could. */
static int close_and_wait(struct connection *session)
{
    struct answer frame = { 0 };
    int surplus, error = shutdown(session->fd, SHUT_WR) ? errno : 0;

    while (!error && frame.number != ENDED) {
        error = receive_frame(session, &frame, &surplus);
        if (surplus >= 0)
            close(surplus);
    }
    close(session->fd);
    return error ? error : frame.error;
}

/* Waits until the agent ends the session: ESHUTDOWN, it was handed over. A restart of the agent between is no end. */
static int await_end(struct connection *session)
{
    struct answer frame;
    int surplus, error;

    do {
        error = receive_frame(session, &frame, &surplus);
        if (surplus >= 0)
            close(surplus);
    } while (!error && frame.number == RESUMED);
    close(session->fd);
    return error ? error : frame.number == ENDED ? frame.error : EPROTO;
}

static int memfd_of(const char *path)
{
    char buffer[65536];
    ssize_t got;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    int memfd = memfd_create(path, MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (file < 0 || memfd < 0)
        return -1;
    while ((got = read(file, buffer, sizeof buffer)) > 0)
        if (write(memfd, buffer, (size_t)got) != got)
            return -1;
    close(file);
    return got < 0 ? -1 : memfd;
}

static void create(struct connection *device, const char *directory, const char *name, char **files, int count, bool as_is)
{
    struct connection session = open_session(device, directory, CREATE_SESSION, name);

    say("created", name);
    for (int i = 0; i < count; i++) {
        struct file_args args = { .size = sizeof args, .fd = -1, .token = (uint64_t)i };
        int file = as_is ? open(files[i], O_RDWR | O_CLOEXEC) : memfd_of(files[i]);

        if (file < 0)
            fail(REFUSED, errno, "read", files[i]);
        int error = request(&session, PRESERVE, &args, sizeof args, file, NULL);
        if (error)
            fail(REFUSED, error, "preserve", files[i]);

        /* The agent holds the memory now. */
        close(file);
        say("preserved", files[i]);
    }
    say("holding", name);

    int why = await_end(&session);
    if (why != ESHUTDOWN)
        fail(REFUSED, why, "hold session", name);
    say("handed over", name);
}

static bool same(int memfd, const char *path)
{
    char left[4096], right[4096];
    ssize_t got, expected;
    off_t offset = 0;
    int file = open(path, O_RDONLY | O_CLOEXEC);

    if (file < 0)
        fail(REFUSED, errno, "read", path);
    do {
        expected = pread(file, right, sizeof right, offset);
        got = pread(memfd, left, sizeof left, offset);
        offset += got;
    } while (got > 0 && got == expected && memcmp(left, right, (size_t)got) == 0);
    close(file);
    return got == 0 && expected == 0;
}

static void claim(struct connection *device, const char *directory, const char *name, char **files, int count)
{
    struct connection session = open_session(device, directory, RETRIEVE_SESSION, name);
    struct finish_args finish = { .size = sizeof finish };
    int error;

    say("retrieved", name);
    for (int i = 0; i < count; i++) {
        struct file_args args = { .size = sizeof args, .fd = -1, .token = (uint64_t)i };
        int memfd = -1;

        error = request(&session, RETRIEVE, &args, sizeof args, -1, &memfd);
        if (error)
            fail(REFUSED, error, "retrieve", files[i]);
        if (!same(memfd, files[i])) {
            fprintf(stderr, "client: what came back is not %s\n", files[i]);
            exit(REFUSED);
        }
        close(memfd);
        say("same", files[i]);
    }
    error = request(&session, FINISH, &finish, sizeof finish, -1, NULL);
    if (error)
        fail(REFUSED, error, "finish", name);
    error = close_and_wait(&session);
    if (error)
        fail(REFUSED, error, "close", name);
    say("finished", name);
}

int main(int argc, char **argv)
{
    struct connection device = { .fd = -1 };
    bool as_is = false;
    int first = 1;

    while (first < argc && argv[first][0] == '-') {
        if (strcmp(argv[first], "--as-is") == 0) {
            as_is = true;
            first++;
        } else if (strcmp(argv[first], "--stop-after") == 0 && first + 1 < argc) {
            stop_after = strtoul(argv[first + 1], NULL, 10);
            first += 2;
        } else {
            break;
        }
    }
    bool creates = argc - first >= 3 && (strcmp(argv[first + 1], "create") == 0 || strcmp(argv[first + 1], "live") == 0);
    bool claims = argc - first >= 3 && (strcmp(argv[first + 1], "claim") == 0 || strcmp(argv[first + 1], "live") == 0);
    if (!creates && !claims) {
        fprintf(stderr, "usage: client [--as-is] [--stop-after N] DIRECTORY create|claim|live SESSION FILE...\n");
        return USAGE;
    }

    const char *directory = argv[first], *session = argv[first + 2];
    char **files = argv + first + 3;
    int count = argc - first - 3;

    if (creates)
        create(&device, directory, session, files, count, as_is);
    if (claims)
        claim(&device, directory, session, files, count);
    close(device.fd);
    return DONE;
}
