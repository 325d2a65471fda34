// SPDX-License-Identifier: GPL-2.0
/*
 * call COMMAND...: makes one call as a confined program would, and prints "ok" or
 * the name of the error. The last table of this file has the commands.
 *
 * A PLACE is where names are looked up: a path, of /dev/kchan or of a directory, or
 * the number of a descriptor. FLAGS are r, w or rw, and c for O_CREAT.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/kchan.h>
#include <linux/landlock.h>
#include <linux/netlink.h>

#define HELD 3 /* the descriptor that `with` passes on */

static int run(char **args);

static const char *result(int ret)
{
	return ret < 0 ? strerrorname_np(errno) : "ok";
}

static int say(int ret)
{
	puts(result(ret));
	return 0;
}

static int flags_of(const char *text)
{
	int flags = strchr(text, 'c') ? O_CREAT : 0;

	if (!strncmp(text, "rw", 2))
		return flags | O_RDWR;
	return flags | (text[0] == 'w' ? O_WRONLY : O_RDONLY);
}

/* Where it cannot be opened, no result of a command is printed. */
static int place_open(const char *place)
{
	int fd;

	if (place[0] >= '0' && place[0] <= '9')
		return atoi(place);
	fd = open(place, O_RDWR | O_CLOEXEC);
	if (fd < 0 && errno == EISDIR)
		fd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	printf("%s: %s\n", place, result(fd));
	exit(0);
}

static int create_at(const char *place, const char *name, unsigned int flags)
{
	struct kchan_create arg = {
		.size = sizeof(arg),
		.flags = flags,
		.name = (uintptr_t)name,
		.mode = 0600,
		.open_flags = flags & KCHAN_CREATE_PAIR ? 0 : O_RDWR,
	};

	return ioctl(place_open(place), KCHAN_IOC_CREATE, &arg) ? -1 : arg.fd;
}

static int open_at(const char *place, const char *name, int flags)
{
	struct kchan_open arg = {
		.size = sizeof(arg),
		.open_flags = flags,
		.name = (uintptr_t)name,
	};

	return ioctl(place_open(place), KCHAN_IOC_OPEN, &arg) ? -1 : arg.fd;
}

static int remove_at(const char *place, const char *name, uint64_t id,
		     unsigned int flags)
{
	struct kchan_remove arg = {
		.size = sizeof(arg),
		.flags = flags,
		.name = (uintptr_t)name,
		.id = id,
	};

	return ioctl(place_open(place), KCHAN_IOC_REMOVE, &arg);
}

static int send_one(int fd)
{
	struct kchan_send arg = {
		.size = sizeof(arg),
		.flags = KCHAN_NONBLOCK,
		.data = (uintptr_t) "x",
		.len = 1,
	};

	return ioctl(fd, KCHAN_IOC_SEND, &arg);
}

static int receive_one(int fd)
{
	char c;
	struct kchan_recv arg = {
		.size = sizeof(arg),
		.flags = KCHAN_NONBLOCK,
		.data = (uintptr_t)&c,
		.capacity = 1,
	};

	return ioctl(fd, KCHAN_IOC_RECV, &arg);
}

static int ready(int fd)
{
	struct pollfd entry = { .fd = fd, .events = POLLIN | POLLOUT };

	return poll(&entry, 1, 0);
}

static void part(const char *name, int ret, bool *fine)
{
	if (ret < 0)
		printf("%s%s %s", *fine ? "" : ", ", name, result(ret));
	*fine = *fine && ret >= 0;
}

/* All that an O_RDWR endpoint is for: "ok", or what fails. */
static int use(int fd)
{
	struct stat st;
	bool fine = true;
	char c = 'x';

	fcntl(fd, F_SETFL, O_NONBLOCK);
	part("SEND", send_one(fd), &fine);
	part("RECV", receive_one(fd), &fine);
	part("write", write(fd, &c, 1), &fine);
	send_one(fd);
	part("read", read(fd, &c, 1), &fine);
	part("poll", ready(fd), &fine);
	part("fstat", fstat(fd, &st), &fine);
	part("flock", flock(fd, LOCK_EX | LOCK_NB), &fine);
	puts(fine ? "ok" : "");
	return 0;
}

static int c_open(char **args)
{
	return say(open(args[0], flags_of(args[1]), 0600));
}

static int c_mkdir(char **args)
{
	return say(mkdir(args[0], 0700));
}

static int c_unlink(char **args)
{
	return say(unlink(args[0]));
}

static int c_create(char **args)
{
	return say(create_at(args[0], args[1], KCHAN_CREATE_EXCL));
}

static int c_get(char **args)
{
	return say(open_at(args[0], args[1], flags_of(args[2])));
}

static int c_remove(char **args)
{
	return say(remove_at(args[0], args[1], 0, 0));
}

static int c_remove_id(char **args)
{
	return say(remove_at(args[0], NULL, strtoull(args[1], NULL, 0), 0));
}

static int c_remove_now(char **args)
{
	return say(remove_at(args[0], args[1], 0, KCHAN_REMOVE_NOW));
}

static int c_use(char **args)
{
	return use(atoi(args[0]));
}

static int c_revoke(char **args)
{
	return say(ioctl(atoi(args[0]), KCHAN_IOC_REVOKE, 0));
}

static int c_unnamed(char **args)
{
	int fd = create_at(args[0], NULL, 0);

	return fd < 0 ? say(fd) : use(fd);
}

static int c_pair(char **args)
{
	return say(create_at(args[0], NULL, KCHAN_CREATE_PAIR));
}

static int c_netlink(char **args)
{
	(void)args;
	return say(socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC));
}

/* with PLACE NAME COMMAND...: the channel of that name, or a new one, as HELD. */
static int c_with(char **args)
{
	int fd = open_at(args[0], args[1], O_RDWR);

	if (fd < 0)
		fd = create_at(args[0], strcmp(args[1], "-") ? args[1] : NULL,
			       0);
	if (fd < 0 || (fd != HELD ? dup2(fd, HELD) : fcntl(fd, F_SETFD, 0)) < 0)
		return say(-1);
	return run(args + 2);
}

/* Write to an attribute of the process, and run the command. */
static int exec_as(const char *attribute, const char *text, char **args)
{
	int fd = open(attribute, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return say(-1);
	close(fd);
	execv("/proc/self/exe", args - 1);
	return say(-1);
}

static int c_apparmor(char **args)
{
	char text[256];

	snprintf(text, sizeof(text), "exec %s", args[0]);
	return exec_as("/proc/self/attr/apparmor/exec", text, args + 1);
}

static int c_selinux(char **args)
{
	return exec_as("/proc/self/attr/exec", args[0], args + 1);
}

static int landlock_allow(int rules, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr attr = {
		.allowed_access = access,
		.parent_fd = open(path, O_PATH | O_CLOEXEC),
	};

	return syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH,
		       &attr, 0);
}

/* landlock DIRECTORY COMMAND...: confined to it and to /dev and /proc. */
static int c_landlock(char **args)
{
	const uint64_t file = LANDLOCK_ACCESS_FS_READ_FILE |
			      LANDLOCK_ACCESS_FS_WRITE_FILE;
	struct landlock_ruleset_attr attr = {
		.handled_access_fs = file | LANDLOCK_ACCESS_FS_READ_DIR |
				     LANDLOCK_ACCESS_FS_MAKE_REG |
				     LANDLOCK_ACCESS_FS_REMOVE_FILE,
	};
	int rules;

	rules = syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (rules < 0 ||
	    landlock_allow(rules, args[0], attr.handled_access_fs) ||
	    landlock_allow(rules, "/dev", file) ||
	    landlock_allow(rules, "/proc", file) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_landlock_restrict_self, rules, 0))
		return say(-1);
	return run(args + 1);
}

static long bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

#define INSN(op, d, s, o, i) \
	{ .code = (op), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) }
#define LOAD(d, member) INSN(BPF_LDX | BPF_MEM | BPF_W, d, 1, \
			     offsetof(struct bpf_cgroup_dev_ctx, member), 0)
#define SET(d, value)	INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, value)
#define IF(op, r, value, skip) INSN(BPF_JMP | (op) | BPF_K, r, 0, skip, value)
#define EXIT		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

/*
 * What systemd's DevicePolicy=closed allows: the devices of major number 1, as
 * /dev/null, terminals, and one more: DeviceAllow=.
 */
static int device_filter(unsigned int major, unsigned int minor)
{
	const struct bpf_insn insns[] = {
		LOAD(2, major),
		LOAD(3, minor),
		SET(0, 1),
		IF(BPF_JEQ, 2, 1, 5),
		IF(BPF_JEQ, 2, 5, 4),
		IF(BPF_JEQ, 2, 136, 3),
		IF(BPF_JNE, 2, major, 1),
		IF(BPF_JEQ, 3, minor, 1),
		SET(0, 0),
		EXIT,
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uintptr_t)insns,
		.insn_cnt = sizeof(insns) / sizeof(insns[0]),
		.license = (uintptr_t) "GPL",
	};

	return bpf(BPF_PROG_LOAD, &attr);
}

/* devices CGROUP MAJOR:MINOR: the filter for that cgroup; 0:0 is no device. */
static int c_devices(char **args)
{
	unsigned int major = 0, minor = 0;
	union bpf_attr attr = { .attach_type = BPF_CGROUP_DEVICE };

	sscanf(args[1], "%u:%u", &major, &minor);
	attr.target_fd = open(args[0], O_RDONLY | O_DIRECTORY);
	attr.attach_bpf_fd = device_filter(major, minor);
	if ((int)attr.attach_bpf_fd < 0)
		return say(-1);
	return say(bpf(BPF_PROG_ATTACH, &attr));
}

static const struct command {
	const char *name;
	int args;
	const char *help;
	int (*run)(char **args);
} commands[] = {
	{ "open", 2, "PATH FLAGS", c_open },
	{ "mkdir", 1, "PATH", c_mkdir },
	{ "unlink", 1, "PATH", c_unlink },
	{ "create", 2, "PLACE NAME", c_create },
	{ "get", 3, "PLACE NAME FLAGS", c_get },
	{ "remove", 2, "PLACE NAME", c_remove },
	{ "remove-id", 2, "PLACE ID", c_remove_id },
	{ "remove-now", 2, "PLACE NAME", c_remove_now },
	{ "revoke", 1, "DESCRIPTOR", c_revoke },
	{ "unnamed", 1, "PLACE", c_unnamed },
	{ "pair", 1, "PLACE", c_pair },
	{ "use", 1, "DESCRIPTOR", c_use },
	{ "netlink", 0, "", c_netlink },
	{ "with", 3, "PLACE NAME|- COMMAND...", c_with },
	{ "apparmor", 2, "PROFILE COMMAND...", c_apparmor },
	{ "selinux", 2, "CONTEXT COMMAND...", c_selinux },
	{ "landlock", 2, "DIRECTORY COMMAND...", c_landlock },
	{ "devices", 2, "CGROUP MAJOR:MINOR", c_devices },
};

static int run(char **args)
{
	const struct command *c;
	int n = 0;

	while (args[n])
		n++;
	for (c = commands; c < commands + sizeof(commands) / sizeof(*c); c++)
		if (n > c->args && !strcmp(args[0], c->name))
			return c->run(args + 1);
	for (c = commands; c < commands + sizeof(commands) / sizeof(*c); c++)
		fprintf(stderr, "call %s %s\n", c->name, c->help);
	return 2;
}

int main(int argc, char **argv)
{
	return argc > 0 ? run(argv + 1) : 2;
}
