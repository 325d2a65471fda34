// SPDX-License-Identifier: GPL-2.0
/* The module goes and comes again, while others would use it. */
#include "torture.h"

#include <dirent.h>
#include <sys/mount.h>
#include <sys/syscall.h>

/* All there is, in a few calls, as far as the module is there. */
bool act_use(void)
{
	struct kchan_features features = { .size = sizeof(features) };
	int ctl = t_ctl(), fd, ret;
	struct t_call call;

	if (ctl < 0)
		return false;
	t_doing("FEATURES");
	ret = kc_ioctl(ctl, KCHAN_IOC_FEATURES, &features);
	T_EXPECT(ret, "FEATURES", EINTR);
	t_doing("CREATE");
	fd = kc_create(ctl, NULL, O_RDWR);
	t_doing(NULL);
	if (!T_EXPECT(fd, "CREATE", EDQUOT, ENOSPC, ENOMEM, ERANGE) || fd < 0)
		return false;
	if (t_one_in(2))
		t_ctl_done();
	call = t_call_private(fd);
	call.len = t_random_len(3000);
	call.prio = t_random_prio();
	ret = t_send(&call);
	call.len = T_MAX;
	if (!ret && t_one_in(2))
		t_recv(&call);
	close(fd);
	return !ret;
}

static int unload(void)
{
	return kc_fd(syscall(SYS_delete_module, "kchan", O_NONBLOCK));
}

static int load(void)
{
	int fd = open(opt.module, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = kc_fd(syscall(SYS_finit_module, fd, "", 0));
	close(fd);
	return ret;
}

/* By the conductor, again and again. */
bool act_unload(void)
{
	int ret = unload();

	T_EXPECT(ret, "delete_module", EAGAIN, EBUSY);
	if (ret)
		return false;
	usleep(t_rnd(10000));
	ret = load();
	if (ret)
		t_fail("the module cannot be loaded again: %s",
		       strerror(-ret));
	__atomic_add_fetch(&world->loads, 1, __ATOMIC_RELAXED);
	return !ret;
}

static bool unused(void *arg)
{
	(void)arg;
	return kc_read_number("/sys/module/kchan/refcnt") == 0;
}

static bool unloads(void *arg)
{
	(void)arg;
	return !unload();
}

static bool caches_gone(void *arg)
{
	DIR *dir = opendir("/sys/kernel/slab");
	struct dirent *entry;
	bool gone = true;

	(void)arg;
	while (dir && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, "kchan", 5))
			gone = false;
	if (dir)
		closedir(dir);
	return gone;
}

/* Nothing uses it; so it can go, leaving nothing, and come again. */
bool t_module_is_free(void)
{
	if (!t_eventually(unused, NULL, "nothing uses the module"))
		return false;
	if (!opt.module)
		return true;
	if (!t_eventually(unloads, NULL, "the module is unloaded") ||
	    !t_eventually(caches_gone, NULL, "its slab caches go"))
		return false;
	t_at("load");
	if (load()) {
		t_fail("the module cannot be loaded again");
		return false;
	}
	return true;
}
