// SPDX-License-Identifier: GPL-2.0
/* Names that come and go under everybody's hands, and endpoints one keeps. */
#include "torture.h"

#include <dirent.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

static const char *const names[] = {
	"a", "b", "c", "d1", "d1/a", "d1/b", "d1/s/a", "d2/a",
};

static const char *const dirs[] = { "d1", "d2", "d1/s", "d2/s" };

static const char *any_name(void)
{
	return names[t_rnd(ARRAY_SIZE(names))];
}

static const char *any_dir(void)
{
	return dirs[t_rnd(ARRAY_SIZE(dirs))];
}

static const char *path_of(const char *name)
{
	static char paths[2][128];
	static unsigned int next;
	char *path = paths[next++ % 2];

	snprintf(path, sizeof(paths[0]), "%s/%s", self.dir, name);
	return path;
}

/* The control device; -1: not there, which is right only while it is reloaded. */
int t_ctl(void)
{
	if (self.ctl >= 0)
		return self.ctl;
	t_doing("open /dev/kchan");
	self.ctl = kc_ctl();
	t_doing(NULL);
	if (self.ctl >= 0)
		return self.ctl;
	if (world->reload)
		T_EXPECT(self.ctl, "open /dev/kchan", ENOENT, ENODEV, ENXIO,
			 ENOMEM);
	else
		T_EXPECT(self.ctl, "open /dev/kchan", ENOMEM);
	self.ctl = -1;
	return -1;
}

void t_ctl_done(void)
{
	if (self.ctl >= 0)
		close(self.ctl);
	self.ctl = -1;
}

/* What is allowed to fail with EROFS. */
static int read_only(void)
{
	return self.readonly ? EROFS : EINTR;
}

/* As somebody, mostly root; t_as_root() again after. */
void t_as_someone(void)
{
	static const uid_t uids[] = { 0, 0, 0, 1000, 1000, 1001 };
	uid_t uid = uids[t_rnd(ARRAY_SIZE(uids))];

	if (!uid)
		return;
	if (seteuid(uid))
		t_fail("seteuid: %s", strerror(errno));
	/* Taking another user takes this away. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

void t_as_root(void)
{
	if (!geteuid())
		return;
	if (seteuid(0))
		t_fail("seteuid: %s", strerror(errno));
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* Takes the descriptor over. Return: false, and closed, if it is no endpoint. */
bool t_wild_keep(int fd, int mode, int channel)
{
	struct t_wild *wild = &self.wild[t_rnd(T_WILD)];
	struct kchan_state state;

	if (fd < 0)
		return false;
	memset(&state, 0, sizeof(state));
	state.size = sizeof(state);
	if (kc_ioctl(fd, KCHAN_IOC_STATE, &state)) {
		close(fd);
		return false;
	}
	t_wild_close(wild);
	*wild = (struct t_wild) { fd, mode, channel, state.id };
	return true;
}

struct t_wild *t_wild_any(void)
{
	unsigned int i, from = t_rnd(T_WILD);

	for (i = 0; i < T_WILD; i++) {
		struct t_wild *wild = &self.wild[(from + i) % T_WILD];

		if (wild->fd >= 0)
			return wild;
	}
	return NULL;
}

void t_wild_close(struct t_wild *wild)
{
	if (wild->fd < 0)
		return;
	t_doing("close");
	close(wild->fd);
	t_doing(NULL);
	wild->fd = -1;
}

void t_wild_close_all(void)
{
	int i;

	for (i = 0; i < T_WILD; i++)
		t_wild_close(&self.wild[i]);
}

static int any_mode(void)
{
	static const int modes[] = { O_RDWR, O_RDWR, O_RDONLY, O_WRONLY };

	return modes[t_rnd(ARRAY_SIZE(modes))];
}

/* What becomes of messages there; the dead-letter channel may go at any time. */
static void any_end(struct kchan_create *arg)
{
	struct t_wild *wild = t_wild_any();

	arg->overflow = t_rnd(3);
	arg->max_deliveries = t_one_in(2) ? 0 : 1 + t_rnd(3);
	arg->ttl = t_one_in(2) ? 0 : 1 + t_rnd(20000000);
	if (!wild || wild->channel >= 0 || t_one_in(2))
		return;
	arg->flags = KCHAN_CREATE_DEAD_LETTER;
	arg->dead_letter = wild->fd;
}

/* With a dead-letter channel that may have one itself, or may not be sent to. */
static int dead_letter_error(const struct kchan_create *arg, int err)
{
	return arg->flags & KCHAN_CREATE_DEAD_LETTER ? err : EINTR;
}

static void any_pool(struct kchan_create *arg)
{
	arg->slots = 1 + t_rnd(20);
	arg->slot_size = 64 << t_rnd(9);
	arg->depth = t_one_in(2) ? 0 : 1 + t_rnd(arg->slots);
	arg->msgsize = 0;
	arg->bytes = 0;
	if (t_one_in(3))
		arg->flags |= KCHAN_CREATE_ZERO_SLOTS;
	if (t_one_in(3))
		arg->flags |= KCHAN_CREATE_RECV_COPY;
}

static struct kchan_create any_create(const char *name)
{
	struct kchan_create arg = kc_create_arg(name);

	arg.mode = t_one_in(4) ? 0600 : 0666;
	arg.open_flags = any_mode() | (t_one_in(2) ? O_NONBLOCK : 0);
	arg.key = t_rnd(100);
	arg.depth = t_one_in(4) ? 0 : 1 + t_rnd(20);
	if (t_one_in(2)) {
		arg.msgsize = 64 << t_rnd(15);
		arg.bytes = t_one_in(2) ? 0 : (uint64_t)arg.msgsize << t_rnd(3);
	}
	if (t_one_in(2))
		any_end(&arg);
	if (t_one_in(3))
		any_pool(&arg);
	return arg;
}

#define NEW_ONLY (KCHAN_CREATE_EXCL | KCHAN_CREATE_NO_FD)

static bool make(const char *name, unsigned int flags)
{
	struct kchan_create arg = any_create(name);
	int ctl = t_ctl(), mode, fd, send, ret;

	if (ctl < 0)
		return false;
	arg.flags |= flags;
	if (flags & KCHAN_CREATE_PAIR)
		arg.open_flags &= O_NONBLOCK;
	if (flags & KCHAN_CREATE_NO_FD)
		arg.open_flags = 0;
	mode = arg.open_flags & O_ACCMODE;
	t_as_someone();
	t_doing("CREATE");
	ret = kc_ioctl(ctl, KCHAN_IOC_CREATE, &arg);
	t_doing(NULL);
	t_as_root();
	fd = arg.fd;
	send = arg.fd_send;
	if (ret) {
		T_EXPECT(ret, "CREATE", EDQUOT, ENOSPC, ENOMEM, ERANGE,
			 name ? EACCES : EINTR, EISDIR, EIDRM, ENOENT, ENOTDIR,
			 flags & NEW_ONLY ? EEXIST : EINTR,
			 dead_letter_error(&arg, EBADF),
			 dead_letter_error(&arg, EINVAL));
		return false;
	}
	if (flags & KCHAN_CREATE_NO_FD)
		return true;
	if (flags & KCHAN_CREATE_PAIR)
		t_wild_keep(send, O_WRONLY, T_UNTRACKED);
	return t_wild_keep(fd, mode, T_UNTRACKED);
}

bool act_create(void)
{
	unsigned int flags = t_one_in(3) ? KCHAN_CREATE_EXCL : 0;

	return make(any_name(), flags | (t_one_in(3) ? KCHAN_CREATE_NO_FD : 0));
}

/* Gone with its last endpoint, which is often now. */
bool act_auto(void)
{
	unsigned int flags = t_one_in(4) ? KCHAN_CREATE_EXCL : 0;
	bool ret = make(any_name(), flags | KCHAN_CREATE_AUTO);

	if (t_one_in(2)) {
		struct t_wild *wild = t_wild_any();

		if (wild)
			t_wild_close(wild);
	}
	return ret;
}

bool act_unnamed(void)
{
	return make(NULL, t_one_in(2) ? KCHAN_CREATE_PAIR : 0);
}

static int open_path(const char *name, int flags)
{
	if (t_one_in(3))
		flags |= O_CREAT | (t_one_in(4) ? O_EXCL : 0);
	if (t_one_in(8))
		flags |= O_TRUNC;
	return kc_fd(open(path_of(name), flags | O_CLOEXEC, 0666));
}

bool act_open(void)
{
	const char *name = any_name();
	int mode = any_mode(), ctl, fd;
	bool path = self.mounted && t_one_in(2);

	ctl = path ? -1 : t_ctl();
	if (!path && ctl < 0)
		return false;
	t_as_someone();
	t_doing("open");
	fd = path ? open_path(name, mode) :
		    kc_open(ctl, name, mode | (t_one_in(2) ? O_NONBLOCK : 0));
	t_doing(NULL);
	t_as_root();
	if (path)
		T_EXPECT(fd, "open(2)", EACCES, EDQUOT, EEXIST, EIDRM, EISDIR,
			 ENOENT, ENOMEM, ENOSPC, ENOTDIR, read_only(), ESTALE);
	else
		T_EXPECT(fd, "OPEN", EACCES, EIDRM, EISDIR, ENOENT, ENOMEM,
			 ENOTDIR);
	return t_wild_keep(fd, mode, T_UNTRACKED);
}

bool act_unlink(void)
{
	int err;

	if (!self.mounted)
		return false;
	t_as_someone();
	t_doing("unlink");
	err = kc_fd(unlink(path_of(any_name())));
	t_doing(NULL);
	t_as_root();
	T_EXPECT(err, "unlink", EACCES, EISDIR, ENOENT, ENOMEM, ENOTDIR, EPERM,
		 read_only());
	return !err;
}

bool act_rename(void)
{
	bool dir = t_one_in(4);
	const char *from = path_of(dir ? any_dir() : any_name());
	const char *to = path_of(dir ? any_dir() : any_name());
	unsigned int flags = t_one_in(3) ? RENAME_NOREPLACE : 0;
	int err;

	if (!self.mounted)
		return false;
	t_as_someone();
	t_doing("rename");
	err = kc_fd(renameat2(AT_FDCWD, from, AT_FDCWD, to, flags));
	t_doing(NULL);
	t_as_root();
	T_EXPECT(err, "rename", EACCES, EEXIST, EINVAL, EISDIR, ENOENT, ENOMEM,
		 ENOTDIR, ENOTEMPTY, EPERM, read_only());
	return !err;
}

bool act_mkdir(void)
{
	int err;

	if (!self.mounted)
		return false;
	t_as_someone();
	t_doing("mkdir");
	err = kc_fd(mkdir(path_of(any_dir()), t_one_in(4) ? 0755 : 0777));
	t_doing(NULL);
	t_as_root();
	T_EXPECT(err, "mkdir", EACCES, EDQUOT, EEXIST, ENOENT, ENOMEM, ENOSPC,
		 ENOTDIR, read_only());
	return !err;
}

bool act_rmdir(void)
{
	int err;

	if (!self.mounted)
		return false;
	t_as_someone();
	t_doing("rmdir");
	err = kc_fd(rmdir(path_of(any_dir())));
	t_doing(NULL);
	t_as_root();
	T_EXPECT(err, "rmdir", EACCES, ENOENT, ENOMEM, ENOTDIR, ENOTEMPTY,
		 EPERM, read_only());
	return !err;
}

/* What holds once a channel is revoked, and for ever. */
static void check_revoked(int fd, int mode)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN | POLLOUT };
	char byte = 0;
	int ret;

	if (poll(&pfd, 1, -1) == 1 &&
	    (pfd.revents & (POLLHUP | POLLERR)) != (POLLHUP | POLLERR))
		t_fail("poll of a revoked channel says %#x", pfd.revents);
	ret = mode == O_RDONLY ? kc_ret(read(fd, &byte, 1)) :
				 kc_ret(write(fd, &byte, 1));
	if (ret != -EIDRM && ret != -EDQUOT && ret != -ENOMEM &&
	    ret != -EFAULT)
		t_fail("%s of a revoked channel returns %d",
		       mode == O_RDONLY ? "read" : "write", ret);
	ret = kc_revoke(fd);
	if (ret != -EIDRM)
		t_fail("a second REVOKE returns %d", ret);
}

bool act_revoke(void)
{
	struct t_wild *wild = t_wild_any();
	int err;

	if (!wild || wild->channel >= 0)
		return false;
	t_as_someone();
	t_doing("REVOKE");
	err = kc_revoke(wild->fd);
	if (!err)
		check_revoked(wild->fd, wild->mode);
	t_doing(NULL);
	t_as_root();
	T_EXPECT(err, "REVOKE", EIDRM, EPERM);
	if (t_one_in(2))
		t_wild_close(wild);
	return !err;
}

/* A channel of the initial namespace that is not tracked; 0: none is known. */
static uint64_t any_id(void)
{
	struct t_wild *wild = t_wild_any();
	uint64_t id = t_seen();

	if (wild && t_one_in(2))
		id = wild->id;
	return t_tracked(id) ? 0 : id;
}

/* By name, by number, or by both, of which the number may be another's. */
bool act_remove(void)
{
	const char *name = t_one_in(2) ? any_name() : NULL;
	uint64_t id = name && t_one_in(2) ? 0 : any_id();
	unsigned int flags = t_one_in(3) ? KCHAN_REMOVE_NOW : 0;
	int ctl = t_ctl(), err;

	if (ctl < 0 || (!name && !id))
		return false;
	t_as_someone();
	t_doing("REMOVE");
	err = kc_remove(ctl, name, id, flags);
	t_doing(NULL);
	t_as_root();
	T_EXPECT(err, "REMOVE", ENOENT, ENOMEM, EPERM,
		 !name && flags ? EINTR : EACCES, flags ? EIDRM : EINTR,
		 name ? EISDIR : EINTR, name ? ENOTDIR : EINTR);
	return !err;
}

static const char *const relatives[] = { "a", "b", "s", "s/a", "d1/a", "d2/a" };

/* CREATE, OPEN or REMOVE with an open directory. */
static int relative(int dir, const char *name, int mode)
{
	struct kchan_create arg = any_create(name);
	unsigned int flags;
	int ret;

	switch (t_rnd(4)) {
	case 0:
		arg.flags |= t_rnd(4);
		arg.open_flags = mode;
		ret = kc_create_with(dir, &arg);
		T_EXPECT(ret, "CREATE in a directory", EACCES, EDQUOT, EISDIR,
			 ENOENT, ENOMEM, ENOSPC, ENOTDIR, ERANGE, EIDRM,
			 arg.flags & KCHAN_CREATE_EXCL ? EEXIST : EINTR,
			 read_only(), dead_letter_error(&arg, EBADF),
			 dead_letter_error(&arg, EINVAL));
		return ret;
	case 1:
		arg.name = 0;
		arg.open_flags = mode;
		ret = kc_create_with(dir, &arg);
		T_EXPECT(ret, "CREATE without a name in a directory", EDQUOT,
			 ENOMEM, ENOSPC, ERANGE, dead_letter_error(&arg, EBADF),
			 dead_letter_error(&arg, EINVAL));
		return ret;
	case 2:
		ret = kc_open(dir, name, mode);
		T_EXPECT(ret, "OPEN in a directory", EACCES, EIDRM, EISDIR,
			 ENOENT, ENOMEM, ENOTDIR);
		return ret;
	}
	flags = t_one_in(3) ? KCHAN_REMOVE_NOW : 0;
	ret = kc_remove(dir, name, t_one_in(3) ? any_id() : 0, flags);
	T_EXPECT(ret, "REMOVE in a directory", EACCES, EISDIR, ENOENT, ENOMEM,
		 ENOTDIR, EPERM, flags ? EIDRM : EINTR, read_only());
	return ret ? ret : -EINTR;
}

/* The directory may be moved, removed or unmounted meanwhile. */
bool act_relative(void)
{
	const char *name = relatives[t_rnd(ARRAY_SIZE(relatives))];
	int mode = any_mode(), dir, fd = -1;

	if (!self.mounted)
		return false;
	t_doing("open a directory");
	dir = kc_fd(open(path_of(t_one_in(2) ? "." : any_dir()),
			 O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	T_EXPECT(dir, "open of a directory", ENOENT, ENOMEM, ENOTDIR);
	if (dir < 0)
		return false;
	if (t_one_in(8))
		act_umount();
	t_as_someone();
	t_doing("a command on a directory");
	fd = relative(dir, name, mode);
	t_doing(NULL);
	t_as_root();
	close(dir);
	return t_wild_keep(fd, mode, T_UNTRACKED);
}

bool act_close(void)
{
	struct t_wild *wild = t_wild_any();

	if (!wild)
		return false;
	t_wild_close(wild);
	return true;
}

bool act_list(void)
{
	const char *path = path_of(t_one_in(2) ? "." : any_dir());
	struct dirent *entry;
	struct stat st;
	DIR *dir;

	if (!self.mounted)
		return false;
	t_doing("list");
	dir = opendir(path);
	if (!dir) {
		T_EXPECT(-errno, "opendir", ENOENT, ENOMEM, ENOTDIR);
		return false;
	}
	while ((entry = readdir(dir))) {
		if (!fstatat(dirfd(dir), entry->d_name, &st,
			     AT_SYMLINK_NOFOLLOW) && !S_ISDIR(st.st_mode) &&
		    !(S_ISCHR(st.st_mode) && !st.st_rdev))
			t_fail("%s/%s has mode %#o", path, entry->d_name,
			       st.st_mode);
	}
	closedir(dir);
	t_doing(NULL);
	return true;
}

/* Rights, owners and locks are the VFS's, but the inode is ours. */
bool act_attr(void)
{
	struct t_wild *wild = t_wild_any();
	struct flock lock = { .l_type = F_WRLCK, .l_len = 1 };
	int fd = wild ? wild->fd : -1, err;

	if (fd < 0 || wild->channel >= 0)
		return false;
	t_doing("attributes");
	switch (t_rnd(5)) {
	case 0:
		err = kc_fd(fchmod(fd, t_one_in(8) ? 0 : 0666));
		break;
	case 1:
		err = kc_fd(fchown(fd, 1000 * t_rnd(2), -1));
		break;
	case 2:
		err = kc_fd(flock(fd, t_one_in(2) ? LOCK_UN :
				  LOCK_EX | LOCK_NB));
		break;
	case 3:
		lock.l_type = wild->mode == O_RDONLY ? F_RDLCK : F_WRLCK;
		lock.l_start = t_rnd(10);
		err = kc_fd(fcntl(fd, t_one_in(2) ? F_OFD_SETLK : F_SETLK,
				  &lock));
		break;
	default:
		err = kc_fd(futimens(fd, NULL));
	}
	t_doing(NULL);
	T_EXPECT(err, "attributes", EAGAIN, EACCES, ENOMEM, EROFS);
	return !err;
}

static int remove_entry(const char *path, const struct stat *st, int type,
			struct FTW *ftw)
{
	int err = 0;

	(void)st;
	if (!ftw->level)
		return 0;
	err = type == FTW_DP ? rmdir(path) : unlink(path);
	if (err && errno != ENOENT)
		t_fail("%s cannot be removed: %s", path, strerror(errno));
	return 0;
}

/* All names of the instance that is mounted at @dir. */
void t_names_clean(const char *dir)
{
	nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

bool t_names_left(const char *dir)
{
	struct dirent *entry;
	DIR *d = opendir(dir);
	int n = 0;

	while (d && (entry = readdir(d))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		t_say("left: %s/%s", dir, entry->d_name);
		n++;
	}
	if (d)
		closedir(d);
	return n || !d;
}
