// SPDX-License-Identifier: GPL-2.0
/* Mounts of kchanfs: options, several of them, none, and who may. */
#include "kchan_test.h"

#include <dirent.h>
#include <sys/mount.h>
#include <sys/stat.h>

FIXTURE(mount)
{
	struct kc_env env;
};

FIXTURE_SETUP(mount)
{
	ASSERT_EQ(0, kc_enter(&self->env));
}

FIXTURE_TEARDOWN(mount)
{
	kc_leave(&self->env);
}

#define CTL (self->env.ctl)
#define DIR_ (self->env.dir)
#define PATH(name) kc_path(&self->env, name)

static int mount_on(const char *dir, unsigned long flags, const char *options)
{
	return kc_fd(mount("kchan", dir, "kchanfs", flags, options));
}

/* The root directory's rights, as "mode uid gid". */
static const char *rights(const char *dir)
{
	static char buf[64];
	struct stat st;

	if (stat(dir, &st))
		return strerror(errno);
	snprintf(buf, sizeof(buf), "%o %u %u", st.st_mode & 07777, st.st_uid,
		 st.st_gid);
	return buf;
}

/* Whether /proc/mounts shows this option for the directory. */
static bool shows(const char *dir, const char *option)
{
	char line[512], *at, *opt, *save;
	FILE *f = fopen("/proc/self/mounts", "r");
	bool found = false;

	while (f && fgets(line, sizeof(line), f)) {
		strtok_r(line, " ", &save);
		at = strtok_r(NULL, " ", &save);
		opt = strtok_r(NULL, " ", &save);
		if (!at || !opt || strcmp(at, dir) || strcmp(opt, "kchanfs"))
			continue;
		opt = strtok_r(NULL, " ", &save);
		for (opt = strtok_r(opt, ",", &save); opt;
		     opt = strtok_r(NULL, ",", &save))
			found |= !strcmp(opt, option);
	}
	if (f)
		fclose(f);
	return found;
}

TEST_F(mount, options_at_the_first_mount)
{
	ASSERT_EQ(0, umount(DIR_));
	ASSERT_EQ(0, mount_on(DIR_, 0, "mode=0750,uid=1000,gid=1001"));
	EXPECT_STREQ("750 1000 1001", rights(DIR_));
}

TEST_F(mount, remount_changes_the_options)
{
	ASSERT_EQ(0, mount_on(DIR_, MS_REMOUNT, "mode=755"));
	EXPECT_STREQ("755 0 0", rights(DIR_));
	ASSERT_EQ(0, mount_on(DIR_, MS_REMOUNT, "uid=1000"));
	EXPECT_STREQ("755 1000 0", rights(DIR_));
	ASSERT_EQ(0, mount_on(DIR_, MS_REMOUNT, "gid=1001,mode=700"));
	EXPECT_STREQ("700 1000 1001", rights(DIR_));
}

TEST_F(mount, remount_without_options_keeps_them)
{
	ASSERT_EQ(0, mount_on(DIR_, MS_REMOUNT, "mode=750,uid=1000,gid=1001"));
	ASSERT_EQ(0, mount_on(DIR_, MS_REMOUNT, ""));
	EXPECT_STREQ("750 1000 1001", rights(DIR_));
}

TEST_F(mount, bad_options_are_EINVAL)
{
	static const char * const bad[] = {
		"mode=8", "mode=10777", "mode=-1", "mode=", "mode", "mode=rwx",
		"uid=", "uid", "uid=x", "uid=4294967295", "gid=x",
		"gid=4294967295", "bogus", "bogus=1", "mode=700,bogus",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, mount_on(DIR_, MS_REMOUNT, bad[i]))
			TH_LOG("remount with %s", bad[i]);
	}
	EXPECT_STREQ("777 0 0", rights(DIR_));
	ASSERT_EQ(0, umount(DIR_));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, mount_on(DIR_, 0, bad[i]))
			TH_LOG("mount with %s", bad[i]);
	}
}

TEST_F(mount, options_are_shown)
{
	ASSERT_EQ(0, mount_on(DIR_, MS_REMOUNT, "mode=750,uid=1000,gid=1001"));
	EXPECT_TRUE(shows(DIR_, "mode=750") || shows(DIR_, "mode=0750"));
	EXPECT_TRUE(shows(DIR_, "uid=1000"));
	EXPECT_TRUE(shows(DIR_, "gid=1001"));
}

TEST_F(mount, options_shown_can_be_given)
{
	ASSERT_EQ(0, mount_on(DIR_, MS_REMOUNT, "mode=70,uid=0,gid=1"));
	EXPECT_STREQ("70 0 1", rights(DIR_));
	EXPECT_TRUE(shows(DIR_, "mode=070") || shows(DIR_, "mode=70") ||
		    shows(DIR_, "mode=0070"));
}

TEST_F(mount, second_mount_shows_the_same_instance)
{
	char other[] = "/tmp/kchan2.XXXXXX", path[64];
	struct stat a, b;

	ASSERT_TRUE(mkdtemp(other));
	ASSERT_EQ(0, mount_on(other, 0, NULL));
	ASSERT_LE(0, kc_create(CTL, "a", O_RDWR));
	snprintf(path, sizeof(path), "%s/a", other);
	EXPECT_EQ(0, stat(path, &a));
	EXPECT_EQ(0, stat(PATH("a"), &b));
	EXPECT_EQ(a.st_dev, b.st_dev);
	EXPECT_EQ(a.st_ino, b.st_ino);
	EXPECT_EQ(0, umount(other));
	EXPECT_EQ(0, rmdir(other));
	EXPECT_EQ(0, access(PATH("a"), F_OK));
}

TEST_F(mount, another_network_namespace_is_another_instance)
{
	int fd = kc_create(CTL, "a", O_RDWR), other;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	other = kc_ctl();
	ASSERT_LE(0, other);
	EXPECT_EQ(-ENOENT, kc_open(other, "a", O_RDWR));
	EXPECT_LE(0, kc_create(other, "b", O_RDWR));
	EXPECT_NE(0, access(PATH("b"), F_OK));
	/* The instance is that of the namespace of the device's open. */
	EXPECT_LE(0, kc_open(CTL, "a", O_RDWR));
	/* And of the mount's, not of who looks. */
	EXPECT_EQ(0, access(PATH("a"), F_OK));
	close(other);
}

TEST_F(mount, bind_mount_shares_the_instance)
{
	char other[] = "/tmp/kchan2.XXXXXX", path[64];
	int fd = kc_create(CTL, "a", O_RDWR), got;

	ASSERT_TRUE(mkdtemp(other));
	ASSERT_EQ(0, mount(DIR_, other, NULL, MS_BIND, NULL));
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	snprintf(path, sizeof(path), "%s/a", other);
	got = open(path, O_RDWR);
	ASSERT_LE(0, got);
	EXPECT_EQ(kc_state(fd).id, kc_state(got).id);
	close(got);
	EXPECT_EQ(0, umount(other));
	EXPECT_EQ(0, rmdir(other));
}

TEST_F(mount, channel_survives_the_last_umount)
{
	int fd = kc_create(CTL, "a", O_RDWR);
	uint64_t id = kc_state(fd).id;
	char buf[8];

	ASSERT_EQ(3, write(fd, "one", 3));
	close(fd);
	ASSERT_EQ(0, umount(DIR_));
	fd = kc_open(CTL, "a", O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, fd);
	EXPECT_EQ(id, kc_state(fd).id);
	close(fd);
	ASSERT_EQ(0, mount_on(DIR_, 0, NULL));
	fd = open(PATH("a"), O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, fd);
	EXPECT_EQ(id, kc_state(fd).id);
	EXPECT_EQ(3, read(fd, buf, sizeof(buf)));
}

TEST_F(mount, directory_survives_the_last_umount)
{
	ASSERT_EQ(0, mkdir(PATH("d"), 0750));
	ASSERT_EQ(0, umount(DIR_));
	ASSERT_EQ(0, mount_on(DIR_, 0, NULL));
	EXPECT_STREQ("750 0 0", rights(PATH("d")));
}

TEST_F(mount, rights_of_the_root_directory_survive_the_last_umount)
{
	ASSERT_EQ(0, chmod(DIR_, 0750));
	ASSERT_EQ(0, chown(DIR_, 1000, 1001));
	ASSERT_EQ(0, umount(DIR_));
	ASSERT_EQ(0, mount_on(DIR_, 0, NULL));
	EXPECT_STREQ("750 1000 1001", rights(DIR_));
}

TEST_F(mount, umount_with_an_open_endpoint_by_path_is_EBUSY)
{
	int fd = open(PATH("a"), O_CREAT | O_RDWR, 0600);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBUSY, kc_fd(umount(DIR_)));
	close(fd);
	EXPECT_EQ(0, umount(DIR_));
}

TEST_F(mount, umount_with_an_endpoint_of_the_device_succeeds)
{
	int fd = kc_create(CTL, "a", O_RDWR);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, umount(DIR_));
	EXPECT_EQ(1, write(fd, "x", 1));
}

TEST_F(mount, names_are_listed)
{
	struct dirent *d;
	int n = 0, seen = 0;
	DIR *dir;

	ASSERT_LE(0, kc_create(CTL, "a", O_RDWR));
	ASSERT_LE(0, kc_create(CTL, "b", O_RDWR));
	ASSERT_LE(0, kc_create(CTL, NULL, O_RDWR));
	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	dir = opendir(DIR_);
	ASSERT_TRUE(dir);
	while ((d = readdir(dir))) {
		if (d->d_name[0] == '.')
			continue;
		n++;
		if (!strcmp(d->d_name, "a") || !strcmp(d->d_name, "b"))
			seen += d->d_type == DT_CHR;
		else if (!strcmp(d->d_name, "d"))
			seen += d->d_type == DT_DIR;
	}
	closedir(dir);
	EXPECT_EQ(3, n);
	EXPECT_EQ(3, seen);
}

TEST_F(mount, nodev_mount_opens_no_channel)
{
	int fd = kc_create(CTL, "a", O_RDWR);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, mount(NULL, DIR_, NULL, MS_REMOUNT | MS_BIND | MS_NODEV, NULL));
	EXPECT_EQ(-EACCES, kc_fd(open(PATH("a"), O_RDWR)));
	EXPECT_EQ(1, kc_state(fd).senders);
	/* The device asks no mount. */
	EXPECT_LE(0, kc_open(CTL, "a", O_RDWR));
}

TEST_F(mount, read_only_mount_makes_no_name)
{
	int fd = kc_create(CTL, "a", O_RDWR);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, mount(NULL, DIR_, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	EXPECT_EQ(-EROFS, kc_fd(open(PATH("b"), O_CREAT | O_RDWR, 0600)));
	EXPECT_EQ(-EROFS, kc_fd(unlink(PATH("a"))));
	EXPECT_EQ(0, access(PATH("a"), F_OK));
}

static int mount_as_user(void *arg)
{
	return mount_on(arg, 0, NULL);
}

TEST_F(mount, user_without_a_namespace_of_his_own_is_EPERM)
{
	EXPECT_EQ(-EPERM, kc_as(1000, mount_as_user, DIR_));
}

/* Alice with user, network and mount namespaces of her own. */
static int enter_own_namespaces(void)
{
	int ret = kc_new_userns(0, getuid());

	if (!ret && unshare(CLONE_NEWNET | CLONE_NEWNS))
		ret = -errno;
	return ret;
}

static int mount_own_instance(void *arg)
{
	const char *dir = arg;
	char path[64];
	struct stat st;
	int ret = enter_own_namespaces();

	if (!ret)
		ret = mount_on(dir, 0, NULL);
	if (ret)
		return ret;
	if (strcmp(rights(dir), "777 0 0"))
		return -EPROTO;
	snprintf(path, sizeof(path), "%s/a", dir);
	if (open(path, O_CREAT | O_RDWR, 0600) < 0)
		return -errno;
	if (stat(path, &st) || st.st_uid || st.st_gid)
		return -EPROTO;
	return unlink(path) ? -errno : 0;
}

TEST_F(mount, user_with_a_namespace_of_his_own_mounts)
{
	EXPECT_EQ(0, kc_as(1000, mount_own_instance, DIR_));
	EXPECT_NE(0, access(PATH("a"), F_OK));
}

static int mount_foreign_instance(void *arg)
{
	int ret = kc_new_userns(0, getuid());

	if (!ret && unshare(CLONE_NEWNS))
		ret = -errno;
	return ret ? ret : mount_on(arg, 0, NULL);
}

TEST_F(mount, user_namespace_that_does_not_own_the_network_is_EPERM)
{
	EXPECT_EQ(-EPERM, kc_as(1000, mount_foreign_instance, DIR_));
}

#define USERNS_MOUNT "/sys/module/kchan/parameters/userns_mount"

FIXTURE(no_userns_mount)
{
	struct kc_env env;
	char was[8];
};

FIXTURE_SETUP(no_userns_mount)
{
	ASSERT_EQ(0, kc_enter(&self->env));
	ASSERT_LT(0, kc_read_text(USERNS_MOUNT, self->was, sizeof(self->was)));
	ASSERT_EQ(0, kc_write_file(USERNS_MOUNT, "0"));
}

FIXTURE_TEARDOWN(no_userns_mount)
{
	EXPECT_EQ(0, kc_write_file(USERNS_MOUNT, self->was));
	kc_leave(&self->env);
}

TEST_F(no_userns_mount, user_with_a_namespace_of_his_own_is_EPERM)
{
	EXPECT_EQ(-EPERM, kc_as(1000, mount_own_instance, DIR_));
}

TEST_F(no_userns_mount, root_mounts)
{
	ASSERT_EQ(0, umount(DIR_));
	EXPECT_EQ(0, mount_on(DIR_, 0, NULL));
}

static int create_without_mount(void *arg)
{
	int ret = enter_own_namespaces(), ctl, fd;

	(void)arg;
	if (ret)
		return ret;
	ctl = kc_ctl();
	fd = ctl < 0 ? ctl : kc_create(ctl, "a", O_RDWR);
	return fd < 0 ? fd : 0;
}

TEST_F(no_userns_mount, the_device_needs_no_mount)
{
	EXPECT_EQ(0, kc_as(1000, create_without_mount, NULL));
}

TEST_HARNESS_MAIN
