// SPDX-License-Identifier: LGPL-2.1-or-later
/* A channel that is gone with the program, and a message that overtakes another. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <kchan.h>

int main(void)
{
	struct kchan_create_opts create = { .size = sizeof(create),
					    .flags = KCHAN_CREATE_AUTO };
	struct kchan_send_opts urgent = { .size = sizeof(urgent), .prio = 9 };
	struct kchan_msg_info info = { .size = sizeof(info) };
	struct kchan *ch;
	char text[64];
	ssize_t len;
	int err;

	err = kchan_create(&ch, "alarms", O_RDWR | O_NONBLOCK, &create);
	if (!err)
		err = kchan_send(ch, "all quiet", 9);
	if (!err)
		err = kchan_send_opts(ch, "fire", 4, &urgent, NULL);
	if (err) {
		fprintf(stderr, "alarms: %s\n", strerror(-err));
		return 1;
	}
	while ((len = kchan_recv_opts(ch, text, sizeof(text), NULL, &info)) > 0)
		printf("%.*s: priority %u, from user %u\n", (int)len, text,
		       info.prio, info.uid);
	kchan_close(ch);
	return 0;
}
