/* The peer of the pause benchmark: what a small C program needs that freezes first and then sends its descriptors.
 *
 *   pause-peer FILES RAM_MIB ROUNDS
 *
 * FILES memfds and RAM_MIB of memory in one more, written to and mapped; a warm successor is a forked child that waits for the
 * first message. The pause is from the first record written to the child's first use of a received descriptor. One line a round:
 * "pause" and the microseconds. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 253 };

struct record {
	char kind[48];
	uint64_t data, token;
};

struct header {
	uint32_t files, here;
	uint64_t frozen;
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static void *shared(const char *name, size_t size, int *fd)
{
	void *at;

	*fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*fd < 0 || ftruncate(*fd, size))
		fail("memfd");
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	if (at == MAP_FAILED)
		fail("mmap");
	return at;
}

static void send_some(int stream, const struct header *header, const int *fds, int count)
{
	char control[CMSG_SPACE(MOST * sizeof(int))] = { 0 };
	struct iovec bytes = { (void *)header, sizeof(*header) };
	struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control,
				  .msg_controllen = CMSG_SPACE(count * sizeof(int)) };
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);

	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(rights), fds, count * sizeof(int));
	if (sendmsg(stream, &message, MSG_NOSIGNAL) != sizeof(*header))
		fail("sendmsg");
}

/* Returns the time of the freeze; 0 at the end of the stream. */
static uint64_t receive_all(int stream, int *fds)
{
	struct header header = { 0 };
	uint32_t received = 0;

	do {
		char control[CMSG_SPACE(MOST * sizeof(int))];
		struct iovec bytes = { &header, sizeof(header) };
		struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
		struct cmsghdr *rights;

		if (recvmsg(stream, &message, MSG_CMSG_CLOEXEC) != sizeof(header))
			return 0;
		rights = CMSG_FIRSTHDR(&message);
		if (!rights || (message.msg_flags & MSG_CTRUNC))
			fail("descriptors");
		memcpy(fds + received, CMSG_DATA(rights), header.here * sizeof(int));
		received += header.here;
	} while (received < header.files);
	return header.frozen;
}

static void take_over(int stream, int files, const struct record *records)
{
	int *fds = calloc(files + 1, sizeof(int));
	uint64_t frozen;

	while ((frozen = receive_all(stream, fds))) {
		struct stat status;
		int first = 0;

		/* The table is read as a receiver must, and the first file is used. */
		for (int i = 0; i < files; i++)
			if (records[i].token == 0)
				first = i;
		if (fstat(fds[records[first].data], &status))
			fail("fstat");
		printf("pause %.1f\n", (now() - frozen) / 1000.0);
		fflush(stdout);
		for (int i = 0; i < files; i++)
			close(fds[i]);
		if (write(stream, "", 1) != 1)
			fail("write");
	}
	free(fds);
}

static void hand_over(int stream, int files, const int *fds, struct record *records)
{
	struct header header = { .files = files, .frozen = now() };

	for (int i = 0; i < files; i++) {
		strcpy(records[i].kind, "memfd-fd-v1");
		records[i].data = i;
		records[i].token = i;
	}
	for (int sent = 0; sent < files; sent += header.here) {
		header.here = files - sent < MOST ? files - sent : MOST;
		send_some(stream, &header, fds + sent, header.here);
	}
}

int main(int argc, char **argv)
{
	int files = argc > 3 ? atoi(argv[1]) : 1000, rounds = argc > 3 ? atoi(argv[3]) : 20, pair[2], ram_fd, record_fd;
	size_t ram = (size_t)(argc > 3 ? atoi(argv[2]) : 64) << 20;
	struct rlimit limit = { files + 64, files + 64 };
	int *fds = calloc(files, sizeof(int));
	struct record *records;
	char done;
	char *memory;

	if (setrlimit(RLIMIT_NOFILE, &limit) && getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < (rlim_t)files + 64)
		fail("RLIMIT_NOFILE");
	memory = shared("ram", ram, &ram_fd);
	for (size_t offset = 0; offset < ram; offset += 4096)
		memory[offset] = 1;
	records = shared("records", files * sizeof(struct record), &record_fd);
	memset(records, 0, files * sizeof(struct record));
	fds[0] = ram_fd;
	for (int i = 1; i < files; i++) {
		fds[i] = memfd_create("file", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		if (fds[i] < 0)
			fail("memfd_create");
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		fail("socketpair");
	if (fork() == 0) {
		for (int i = 0; i < files; i++)
			close(fds[i]);
		close(pair[0]);
		take_over(pair[1], files, records);
		return 0;
	}
	close(pair[1]);
	for (int round = 0; round < rounds; round++) {
		usleep(2000);
		hand_over(pair[0], files, fds, records);
		if (read(pair[0], &done, 1) != 1)
			fail("read");
	}
	close(pair[0]);
	wait(NULL);
	return 0;
}
