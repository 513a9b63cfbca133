/* Process 1 of the test machine: see boot. What the boot script wrote on the kernel's command line is in the environment. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *setting(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value ? value : otherwise;
}

static void mount_at(const char *type, const char *folder)
{
	mkdir(folder, 0755);
	if (mount(type, folder, type, 0, NULL))
		perror(folder);
}

/* The next stage has the same command line, but for its number. */
static int load_kernel(int next_stage)
{
	char line[2048] = "", *old;
	int kernel = open(setting("luo_kernel", "/next/kernel"), O_RDONLY | O_CLOEXEC);
	int initrd = open("/next/initrd", O_RDONLY | O_CLOEXEC);
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t length = read(fd, line, sizeof(line) - 32);

	line[length > 0 ? strcspn(line, "\n") : 0] = 0;
	old = strstr(line, " luo_stage=");
	if (old)
		*old = 0;
	sprintf(line + strlen(line), " luo_stage=%d", next_stage);
	return syscall(SYS_kexec_file_load, kernel, initrd, strlen(line) + 1, line, 0UL);
}

int main(void)
{
	const char *step = setting("luo_step", "");
	int stage = atoi(setting("luo_stage", "1")), stages = atoi(setting("luo_stages", "1")), status = 1;
	char number[16];
	pid_t child;

	mount_at("devtmpfs", "/dev");
	mount_at("proc", "/proc");
	mount_at("sysfs", "/sys");
	mount_at("debugfs", "/sys/kernel/debug");
	mount_at("tmpfs", "/tmp");
	mount_at("tmpfs", "/dev/shm");
	setenv("HOME", "/tmp", 1);
	setenv("PATH", "/payload:/bin", 1);
	setenv("DOTNET_gcServer", "0", 1);
	printf("MACHINE stage %d of %d begins\n", stage, stages);
	fflush(stdout);
	if (stage < stages && load_kernel(stage + 1)) {
		perror("MACHINE kexec_file_load");
		goto out;
	}

	sprintf(number, "%d", stage);
	child = fork();
	if (child == 0) {
		chdir("/payload");
		execl("/payload/run", "run", number, step, NULL);
		perror("MACHINE /payload/run");
		_exit(127);
	}
	/* What the payload left running lives on, with its sessions, until the machine goes. */
	while (waitpid(child, &status, 0) < 0)
		;
	status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	printf("MACHINE stage %d ended with %d\n", stage, status);
	fflush(stdout);
	if (status == 0 && stage < stages) {
		reboot(RB_KEXEC);
		perror("MACHINE reboot");
		status = 1;
	}
out:
	printf("MACHINE %s\n", status ? "FAILED" : "PASSED");
	fflush(stdout);
	reboot(RB_AUTOBOOT); /* ends QEMU */
	return 0;
}
