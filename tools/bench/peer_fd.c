// SPDX-License-Identifier: GPL-2.0-or-later
/* What is written to one descriptor and read from another. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "peers.h"

#define CHUNK 65536 /* what a pipe takes */
#define TCP_CHUNK 32768 /* what a window takes */
#define OVERHEAD 65536 /* what a socket counts beside the payload, and more */

static int send_fd(struct link *l)
{
	ssize_t n = write(l->out, l->put + l->at, l->chunk);

	if (n == (ssize_t)l->chunk)
		return 0;
	return n < 0 ? -errno : -EAGAIN;
}

/* Of a stream in parts, as they come. */
static int receive_fd(struct link *l)
{
	size_t done = 0;
	ssize_t n;

	do {
		n = read(l->in, l->got + l->at + done, l->chunk - done);
		if (n <= 0)
			return n < 0 ? -errno : -EPIPE;
		done += n;
	} while (done < l->chunk);
	return 0;
}

static int receive_null(struct link *l)
{
	return read(l->in, l->got, l->chunk) == 0 ? 0 : -EIO;
}

static int make_null(struct link *l)
{
	l->out = open("/dev/null", O_WRONLY);
	l->in = open("/dev/null", O_RDONLY);
	return l->out < 0 || l->in < 0 ? -errno : 0;
}

static int make_pipe(struct link *l)
{
	int fds[2];

	if (pipe(fds))
		return -errno;
	l->in = fds[0];
	l->out = fds[1];
	return 0;
}

static char *fifo_name(const struct link *l, char *name)
{
	return link_name(l, "/tmp/", name);
}

static int create_fifo(struct link *l)
{
	char name[LINK_NAME_SIZE];

	return mkfifo(fifo_name(l, name), 0600) ? -errno : 0;
}

static int destroy_fifo(struct link *l)
{
	char name[LINK_NAME_SIZE];

	return unlink(fifo_name(l, name)) ? -errno : 0;
}

/* Opened for both first, as to open one end alone waits for the other. */
static int make_fifo(struct link *l)
{
	char name[LINK_NAME_SIZE];
	int both, err = create_fifo(l);

	if (err)
		return err;
	both = open(fifo_name(l, name), O_RDWR);
	l->in = open(name, O_RDONLY);
	l->out = open(name, O_WRONLY);
	if (both < 0 || l->in < 0 || l->out < 0)
		err = -errno;
	else
		close(both);
	unlink(name);
	return err;
}

/* Room for a message, where the system allows that. */
static void make_room(const struct link *l)
{
	int size = l->size + OVERHEAD;

	if (setsockopt(l->out, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
		setsockopt(l->out, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

static int make_unix(struct link *l, int type)
{
	int fds[2];

	if (socketpair(AF_UNIX, type, 0, fds))
		return -errno;
	l->in = fds[0];
	l->out = fds[1];
	if (l->size > CHUNK / 2)
		make_room(l);
	return 0;
}

static int make_unix_stream(struct link *l)
{
	return make_unix(l, SOCK_STREAM);
}

static int make_unix_dgram(struct link *l)
{
	return make_unix(l, SOCK_DGRAM);
}

static int make_unix_seqpacket(struct link *l)
{
	return make_unix(l, SOCK_SEQPACKET);
}

/* Return: a socket that listens at @addr, which the kernel chooses. */
static int listen_tcp(struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	*addr = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	if (fd < 0 || bind(fd, (struct sockaddr *)addr, len) || listen(fd, 1) ||
	    getsockname(fd, (struct sockaddr *)addr, &len))
		return -errno;
	return fd;
}

static int make_tcp(struct link *l)
{
	struct sockaddr_in addr;
	int listener = listen_tcp(&addr), on = 1;

	if (listener < 0)
		return listener;
	l->out = socket(AF_INET, SOCK_STREAM, 0);
	if (l->out < 0 ||
	    connect(l->out, (struct sockaddr *)&addr, sizeof(addr)))
		return -errno;
	l->in = accept(listener, NULL, NULL);
	if (l->in < 0 ||
	    setsockopt(l->out, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		return -errno;
	close(listener);
	return 0;
}

#define CAN_ALL (CAN_WAIT | CAN_SHARE | CAN_TOUCH | CAN_FILL | CAN_EMPTY)

const struct peer peer_null = {
	.name = "null",
	.what = "/dev/null, write and read, for scale",
	.still = true,
	.make = make_null,
	.send = send_fd,
	.receive = receive_null,
};

const struct peer peer_pipe = {
	.name = "pipe",
	.what = "pipe(2), write and read",
	.can = CAN_ALL | CAN_EXIST,
	.chunk = CHUNK,
	.make = make_pipe,
	.send = send_fd,
	.receive = receive_fd,
	.create = make_pipe,
	.destroy = link_close,
};

const struct peer peer_fifo = {
	.name = "fifo",
	.what = "fifo(7), write and read",
	.can = CAN_ALL | CAN_EXIST,
	.chunk = CHUNK,
	.outlives = true,
	.make = make_fifo,
	.send = send_fd,
	.receive = receive_fd,
	.create = create_fifo,
	.destroy = destroy_fifo,
};

const struct peer peer_unix_stream = {
	.name = "unix-stream",
	.what = "unix(7) stream sockets, write and read",
	.can = CAN_ALL | CAN_EXIST,
	.chunk = CHUNK,
	.make = make_unix_stream,
	.send = send_fd,
	.receive = receive_fd,
	.create = make_unix_stream,
	.destroy = link_close,
};

const struct peer peer_unix_dgram = {
	.name = "unix-dgram",
	.what = "unix(7) datagram sockets, write and read",
	.can = CAN_ALL | CAN_EXIST,
	.make = make_unix_dgram,
	.send = send_fd,
	.receive = receive_fd,
	.create = make_unix_dgram,
	.destroy = link_close,
};

const struct peer peer_unix_seqpacket = {
	.name = "unix-seqpacket",
	.what = "unix(7) sockets of sequenced packets, write and read",
	.can = CAN_ALL | CAN_EXIST,
	.make = make_unix_seqpacket,
	.send = send_fd,
	.receive = receive_fd,
	.create = make_unix_seqpacket,
	.destroy = link_close,
};

/* Its segments do not end where messages do, so two receivers cannot share one. */
const struct peer peer_tcp = {
	.name = "tcp",
	.what = "tcp(7) on the loopback device, write and read",
	.can = CAN_ALL & ~CAN_SHARE,
	.chunk = TCP_CHUNK,
	.make = make_tcp,
	.send = send_fd,
	.receive = receive_fd,
};
