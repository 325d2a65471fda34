// SPDX-License-Identifier: LGPL-2.1-or-later
/* The end of the holding of messages. */
#include "internal.h"

static int end(struct kchan *ch, unsigned long cmd, uint64_t seq,
	       uint32_t flags)
{
	struct kchan_ack arg = {
		.size = sizeof(arg),
		.flags = flags,
		.seq = seq,
	};

	return libkchan_ioctl_count(ch->fd, cmd, &arg);
}

static int end_one(struct kchan *ch, unsigned long cmd, uint64_t seq,
		   uint32_t flags)
{
	int count;

	/* That would be more than one. */
	if (flags & KCHAN_ACK_UP_TO)
		return -EINVAL;
	count = end(ch, cmd, seq, flags);
	return count < 0 ? count : 0;
}

static int end_many(struct kchan *ch, unsigned long cmd, const uint64_t *seqs,
		    size_t count, uint32_t flags)
{
	struct kchan_ack arg = {
		.size = sizeof(arg),
		.flags = flags,
		.seqs = (uintptr_t)seqs,
		.count = libkchan_count(count),
	};

	/* To the kernel neither means the one message whose number is 0. */
	if (!seqs)
		return -EINVAL;
	return libkchan_ioctl_count(ch->fd, cmd, &arg);
}

int kchan_ack(struct kchan *ch, uint64_t seq)
{
	return end_one(ch, KCHAN_IOC_ACK, seq, 0);
}

int kchan_ack_many(struct kchan *ch, const uint64_t *seqs, size_t count)
{
	return end_many(ch, KCHAN_IOC_ACK, seqs, count, 0);
}

int kchan_ack_up_to(struct kchan *ch, uint64_t seq)
{
	return end(ch, KCHAN_IOC_ACK, seq, KCHAN_ACK_UP_TO);
}

int kchan_nack(struct kchan *ch, uint64_t seq, uint32_t flags)
{
	return end_one(ch, KCHAN_IOC_NACK, seq, flags);
}

int kchan_nack_many(struct kchan *ch, const uint64_t *seqs, size_t count,
		    uint32_t flags)
{
	return end_many(ch, KCHAN_IOC_NACK, seqs, count, flags);
}

int kchan_nack_up_to(struct kchan *ch, uint64_t seq, uint32_t flags)
{
	return end(ch, KCHAN_IOC_NACK, seq, flags | KCHAN_ACK_UP_TO);
}
