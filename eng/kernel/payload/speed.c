/* The requests of the live update from C, timed: speed create|preserve|retrieve COUNT NAME. Prints the nanoseconds of each hundred.
 * The client of the library is measured against it: see LiveUpdate.Core.Machine, speed. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

struct name_argument {
	uint32_t size;
	int32_t fd;
	char name[64];
};

struct file_argument {
	uint32_t size;
	int32_t fd;
	uint64_t token;
};

enum { BATCH = 100, MOST = 1000 };

static double batches[MOST], start;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

/* Notes the time after each request; a batch that is complete is one number. */
static void done(int i)
{
	if (i % BATCH != BATCH - 1)
		return;
	batches[i / BATCH] = now() - start;
	start = now();
}

static int session(int device, unsigned long request, const char *name)
{
	struct name_argument argument = { .size = sizeof(argument) };

	strcpy(argument.name, name);
	if (ioctl(device, request, &argument))
		fail(name);
	return argument.fd;
}

static int file(int owner, unsigned long request, int fd, uint64_t token)
{
	struct file_argument argument = { .size = sizeof(argument), .fd = fd, .token = token };

	if (ioctl(owner, request, &argument))
		fail("file");
	return argument.fd;
}

static void create(int device, const char *prefix, int count, int *files)
{
	start = now();
	for (int i = 0; i < count; i++) {
		char name[64];

		snprintf(name, sizeof(name), "%.40s-%d", prefix, i);
		files[i] = session(device, 0xBA00, name);
		done(i);
	}
}

static void preserve(int device, const char *name, int count, int *files)
{
	int owner = session(device, 0xBA00, name);

	for (int i = 0; i < count; i++) {
		files[i] = memfd_create("speed", MFD_CLOEXEC);
		if (files[i] < 0 || write(files[i], "x", 1) != 1)
			fail("memfd");
	}
	start = now();
	for (int i = 0; i < count; i++) {
		file(owner, 0xBA40, files[i], i);
		done(i);
	}
	close(owner);
}

static void retrieve(int device, const char *name, int count, int *files)
{
	int owner = session(device, 0xBA01, name);

	start = now();
	for (int i = 0; i < count; i++) {
		files[i] = file(owner, 0xBA41, -1, i);
		done(i);
	}
	close(owner);
}

int main(int argc, char **argv)
{
	struct rlimit limit = { 1 << 20, 1 << 20 };
	int device = open("/dev/liveupdate", O_RDWR | O_CLOEXEC), count = argc > 3 ? atoi(argv[2]) : 0, *files;
	void (*work)(int, const char *, int, int *);

	if (device < 0 || count < 1 || count / BATCH > MOST)
		fail("usage: speed create|preserve|retrieve COUNT NAME");
	setrlimit(RLIMIT_NOFILE, &limit);
	files = calloc(count, sizeof(*files));
	work = !strcmp(argv[1], "create") ? create : !strcmp(argv[1], "preserve") ? preserve : retrieve;

	/* The first round is to warm up; NAME-0 and NAME-1 are there to be retrieved. */
	for (int round = 0; round < 2; round++) {
		char name[64];

		snprintf(name, sizeof(name), "%.40s-%d", argv[3], round);
		work(device, name, count, files);
		for (int i = 0; i < count; i++)
			close(files[i]);
	}
	for (int i = 0; i < count / BATCH; i++)
		printf("%.0f ", batches[i]);
	printf("\n");
	return 0;
}
