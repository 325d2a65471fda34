// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: places of names
 *
 * A name from user space is read once and checked, and then its directory is looked up.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kchan.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "fs.h"
#include "place.h"

/**
 * kchan_name_check - is a name sound, all of its components?
 * @name: the name
 * @last: takes the last component, or NULL
 *
 * Return: 0, -EINVAL or -ENAMETOOLONG.
 */
int kchan_name_check(const char *name, const char **last)
{
	const char *end;

	for (;; name = end + 1) {
		for (end = name; kchanfs_name_may_have(*end);)
			end++;
		if (end == name || *name == '.' || (*end && *end != '/'))
			return -EINVAL;
		if (end - name > NAME_MAX)
			return -ENAMETOOLONG;
		if (!*end)
			break;
	}
	if (last)
		*last = name;
	return 0;
}

/**
 * kchan_name_get - read a name and check it
 * @name: takes it, for kchan_name_put() if this succeeds
 * @uname: its address in user space
 *
 * Return: 0; -EFAULT, -EINVAL, -ENAMETOOLONG or -ENOMEM.
 */
int kchan_name_get(struct kchan_name *name, u64 uname)
{
	const char __user *from = u64_to_user_ptr(uname);
	long len;
	int err;

	len = strncpy_from_user(name->brief, from, sizeof(name->brief));
	if (len < 0)
		return len;
	name->text = name->brief;
	if (len == sizeof(name->brief)) {
		name->text = strndup_user(from, KCHAN_NAME_MAX + 1);
		if (IS_ERR(name->text)) {
			err = PTR_ERR(name->text);
			return err == -EINVAL ? -ENAMETOOLONG : err;
		}
		len = strlen(name->text);
	}
	name->len = len;
	err = kchan_name_check(name->text, &name->last);
	if (err)
		kchan_name_put(name);
	return err;
}

/* A directory, opened for its path alone; of this filesystem, whatever is mounted. */
static struct file *open_directory(const struct path *root, const char *name)
{
	struct file *file;

	file = file_open_root(root, name, O_PATH | O_DIRECTORY, 0);
	if (!IS_ERR(file) && file_inode(file)->i_sb != root->dentry->d_sb) {
		fput(file);
		return ERR_PTR(-EXDEV);
	}
	return file;
}

/**
 * kchan_place_get - find the place of a name
 * @place: takes it, for kchan_place_put() if this succeeds
 * @root: where names begin
 * @name: the name
 *
 * Return: 0, or an error of a path walk; -EXDEV: in another filesystem.
 */
int kchan_place_get(struct kchan_place *place, const struct path *root,
		    const struct kchan_name *name)
{
	char *slash;

	place->dir = root;
	place->file = NULL;
	place->last = name->last;
	place->len = name->text + name->len - name->last;
	if (name->last == name->text)
		return 0;
	slash = name->text + (name->last - name->text) - 1;
	*slash = '\0';
	place->file = open_directory(root, name->text);
	*slash = '/';
	if (IS_ERR(place->file))
		return PTR_ERR(place->file);
	place->dir = &place->file->f_path;
	return 0;
}
