// SPDX-License-Identifier: GPL-2.0
/*
 * Usage: sysv send ID TEXT...
 *        sysv receive ID
 *
 * Uses a System V message queue, for which util-linux has no program.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>

struct message {
	long type;
	char text[256];
};

static void send_text(int id, const char *text)
{
	struct message msg = { .type = 1 };

	if (strlen(text) > sizeof(msg.text))
		errx(1, "%s: too long", text);
	memcpy(msg.text, text, strlen(text));
	if (msgsnd(id, &msg, strlen(text), 0))
		err(1, "msgsnd");
}

static void receive(int id)
{
	struct message msg;

	if (msgrcv(id, &msg, sizeof(msg.text), 0, IPC_NOWAIT) < 0)
		err(1, "msgrcv");
}

int main(int argc, char **argv)
{
	int i;

	if (argc < 3)
		errx(1, "arguments are missing");
	if (strcmp(argv[1], "receive") == 0)
		receive(atoi(argv[2]));
	for (i = 3; i < argc; i++)
		send_text(atoi(argv[2]), argv[i]);
	return 0;
}
