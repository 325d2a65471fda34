/* SPDX-License-Identifier: GPL-2.0 */
/* The layout of the structs and the numbers of the ABI, said once more. */
#ifndef KCHAN_LAYOUT_H
#define KCHAN_LAYOUT_H

#include <linux/kchan.h>
#include <linux/kchan_netlink.h>
#include <stddef.h>

#define LAYOUT(type, bytes)						\
	_Static_assert(sizeof(struct type) == (bytes), "size of " #type);	\
	_Static_assert(_Alignof(struct type) == 8 || sizeof(long) == 4,	\
		       "alignment of " #type)
#define FIELD(type, field, at)						\
	_Static_assert(offsetof(struct type, field) == (at), #field)

LAYOUT(kchan_features, 24);
FIELD(kchan_features, version, 4);
FIELD(kchan_features, kinds, 8);
FIELD(kchan_features, features, 16);

LAYOUT(kchan_create, 88);
FIELD(kchan_create, flags, 4);
FIELD(kchan_create, name, 8);
FIELD(kchan_create, mode, 16);
FIELD(kchan_create, open_flags, 20);
FIELD(kchan_create, kind, 24);
FIELD(kchan_create, key, 28);
FIELD(kchan_create, depth, 32);
FIELD(kchan_create, msgsize, 36);
FIELD(kchan_create, bytes, 40);
FIELD(kchan_create, fd, 48);
FIELD(kchan_create, fd_send, 52);
FIELD(kchan_create, overflow, 56);
FIELD(kchan_create, max_deliveries, 60);
FIELD(kchan_create, ttl, 64);
FIELD(kchan_create, dead_letter, 72);
FIELD(kchan_create, reserved, 76);
FIELD(kchan_create, slots, 80);
FIELD(kchan_create, slot_size, 84);

LAYOUT(kchan_open, 24);
FIELD(kchan_open, open_flags, 4);
FIELD(kchan_open, name, 8);
FIELD(kchan_open, fd, 16);
FIELD(kchan_open, reserved, 20);

LAYOUT(kchan_remove, 24);
FIELD(kchan_remove, flags, 4);
FIELD(kchan_remove, name, 8);
FIELD(kchan_remove, id, 16);

LAYOUT(kchan_send, 56);
FIELD(kchan_send, flags, 4);
FIELD(kchan_send, data, 8);
FIELD(kchan_send, len, 16);
FIELD(kchan_send, prio, 20);
FIELD(kchan_send, tag, 24);
FIELD(kchan_send, deadline, 32);
FIELD(kchan_send, seq, 40);
FIELD(kchan_send, expiry, 48);

LAYOUT(kchan_recv, 112);
FIELD(kchan_recv, flags, 4);
FIELD(kchan_recv, data, 8);
FIELD(kchan_recv, capacity, 16);
FIELD(kchan_recv, len, 20);
FIELD(kchan_recv, deadline, 24);
FIELD(kchan_recv, tag, 32);
FIELD(kchan_recv, seq, 40);
FIELD(kchan_recv, time, 48);
FIELD(kchan_recv, prio, 56);
FIELD(kchan_recv, deliveries, 60);
FIELD(kchan_recv, pid, 64);
FIELD(kchan_recv, uid, 68);
FIELD(kchan_recv, gid, 72);
FIELD(kchan_recv, filter, 76);
FIELD(kchan_recv, value, 80);
FIELD(kchan_recv, expiry, 88);
FIELD(kchan_recv, position, 96);
FIELD(kchan_recv, reason, 100);
FIELD(kchan_recv, origin, 104);

LAYOUT(kchan_ack, 32);
FIELD(kchan_ack, flags, 4);
FIELD(kchan_ack, seq, 8);
FIELD(kchan_ack, seqs, 16);
FIELD(kchan_ack, count, 24);
FIELD(kchan_ack, reserved, 28);

LAYOUT(kchan_settings, 32);
FIELD(kchan_settings, flags, 4);
FIELD(kchan_settings, held_max, 8);
FIELD(kchan_settings, urgent, 12);
FIELD(kchan_settings, held, 16);
FIELD(kchan_settings, reserved, 20);
FIELD(kchan_settings, held_bytes, 24);

LAYOUT(kchan_batch, 40);
FIELD(kchan_batch, flags, 4);
FIELD(kchan_batch, items, 8);
FIELD(kchan_batch, count, 16);
FIELD(kchan_batch, stride, 20);
FIELD(kchan_batch, deadline, 24);
FIELD(kchan_batch, min, 32);
FIELD(kchan_batch, reserved, 36);

LAYOUT(kchan_pool_fd, 32);
FIELD(kchan_pool_fd, flags, 4);
FIELD(kchan_pool_fd, pool, 8);
FIELD(kchan_pool_fd, fd, 12);
FIELD(kchan_pool_fd, slots, 16);
FIELD(kchan_pool_fd, slot_size, 20);
FIELD(kchan_pool_fd, bytes, 24);

LAYOUT(kchan_loan, 40);
FIELD(kchan_loan, flags, 4);
FIELD(kchan_loan, pool, 8);
FIELD(kchan_loan, slot, 12);
FIELD(kchan_loan, deadline, 16);
FIELD(kchan_loan, slots, 24);
FIELD(kchan_loan, count, 32);
FIELD(kchan_loan, reserved, 36);

LAYOUT(kchan_publish, 64);
FIELD(kchan_publish, flags, 4);
FIELD(kchan_publish, slot, 8);
FIELD(kchan_publish, len, 12);
FIELD(kchan_publish, prio, 16);
FIELD(kchan_publish, pool, 20);
FIELD(kchan_publish, tag, 24);
FIELD(kchan_publish, deadline, 32);
FIELD(kchan_publish, expiry, 40);
FIELD(kchan_publish, seq, 48);
FIELD(kchan_publish, next, 56);
FIELD(kchan_publish, reserved, 60);

LAYOUT(kchan_take, 112);
FIELD(kchan_take, flags, 4);
FIELD(kchan_take, release, 8);
FIELD(kchan_take, filter, 12);
FIELD(kchan_take, value, 16);
FIELD(kchan_take, deadline, 24);
FIELD(kchan_take, slot, 32);
FIELD(kchan_take, len, 36);
FIELD(kchan_take, tag, 40);
FIELD(kchan_take, seq, 48);
FIELD(kchan_take, time, 56);
FIELD(kchan_take, prio, 64);
FIELD(kchan_take, deliveries, 68);
FIELD(kchan_take, pid, 72);
FIELD(kchan_take, uid, 76);
FIELD(kchan_take, gid, 80);
FIELD(kchan_take, reason, 84);
FIELD(kchan_take, expiry, 88);
FIELD(kchan_take, origin, 96);
FIELD(kchan_take, pool, 104);
FIELD(kchan_take, reserved, 108);

LAYOUT(kchan_release, 32);
FIELD(kchan_release, flags, 4);
FIELD(kchan_release, pool, 8);
FIELD(kchan_release, slot, 12);
FIELD(kchan_release, slots, 16);
FIELD(kchan_release, count, 24);
FIELD(kchan_release, reserved, 28);

LAYOUT(kchan_state, 584);
FIELD(kchan_state, flags, 4);
FIELD(kchan_state, id, 8);
FIELD(kchan_state, kind, 16);
FIELD(kchan_state, key, 20);
FIELD(kchan_state, depth, 24);
FIELD(kchan_state, msgsize, 28);
FIELD(kchan_state, bytes, 32);
FIELD(kchan_state, queued, 40);
FIELD(kchan_state, queued_max, 44);
FIELD(kchan_state, queued_bytes, 48);
FIELD(kchan_state, queued_bytes_max, 56);
FIELD(kchan_state, senders, 64);
FIELD(kchan_state, receivers, 68);
FIELD(kchan_state, waiting_senders, 72);
FIELD(kchan_state, waiting_receivers, 76);
FIELD(kchan_state, creator_pid, 80);
FIELD(kchan_state, creator_uid, 84);
FIELD(kchan_state, creator_gid, 88);
FIELD(kchan_state, send_pid, 92);
FIELD(kchan_state, recv_pid, 96);
FIELD(kchan_state, reserved, 100);
FIELD(kchan_state, create_time, 104);
FIELD(kchan_state, send_time, 112);
FIELD(kchan_state, recv_time, 120);
FIELD(kchan_state, sent, 128);
FIELD(kchan_state, sent_bytes, 136);
FIELD(kchan_state, received, 144);
FIELD(kchan_state, received_bytes, 152);
FIELD(kchan_state, returned, 160);
FIELD(kchan_state, full, 168);
FIELD(kchan_state, residence, 176);
FIELD(kchan_state, overflow, 432);
FIELD(kchan_state, max_deliveries, 436);
FIELD(kchan_state, ttl, 440);
FIELD(kchan_state, dead_letter, 448);
FIELD(kchan_state, held, 456);
FIELD(kchan_state, held_max, 460);
FIELD(kchan_state, held_bytes, 464);
FIELD(kchan_state, rejected, 472);
FIELD(kchan_state, dropped, 480);
FIELD(kchan_state, dead_lettered, 520);
FIELD(kchan_state, slots, 560);
FIELD(kchan_state, slot_size, 564);
FIELD(kchan_state, slots_free, 568);
FIELD(kchan_state, slots_loaned, 572);
FIELD(kchan_state, slots_taken, 576);
FIELD(kchan_state, pool_users, 580);

_Static_assert(KCHAN_IOC_FEATURES == 0xBE00, "command numbers");
_Static_assert(KCHAN_IOC_CREATE == 0xBE01, "command numbers");
_Static_assert(KCHAN_IOC_OPEN == 0xBE02, "command numbers");
_Static_assert(KCHAN_IOC_REMOVE == 0xBE03, "command numbers");
_Static_assert(KCHAN_IOC_SEND == 0xBE10, "command numbers");
_Static_assert(KCHAN_IOC_RECV == 0xBE11, "command numbers");
_Static_assert(KCHAN_IOC_STATE == 0xBE12, "command numbers");
_Static_assert(KCHAN_IOC_REVOKE == 0xBE13, "command numbers");
_Static_assert(KCHAN_IOC_ACK == 0xBE14, "command numbers");
_Static_assert(KCHAN_IOC_NACK == 0xBE15, "command numbers");
_Static_assert(KCHAN_IOC_SETTINGS == 0xBE16, "command numbers");
_Static_assert(KCHAN_IOC_SEND_BATCH == 0xBE17, "command numbers");
_Static_assert(KCHAN_IOC_RECV_BATCH == 0xBE18, "command numbers");
_Static_assert(KCHAN_IOC_POOL_FD == 0xBE19, "command numbers");
_Static_assert(KCHAN_IOC_LOAN == 0xBE1a, "command numbers");
_Static_assert(KCHAN_IOC_PUBLISH == 0xBE1b, "command numbers");
_Static_assert(KCHAN_IOC_TAKE == 0xBE1c, "command numbers");
_Static_assert(KCHAN_IOC_RELEASE == 0xBE1d, "command numbers");
_Static_assert(KCHAN_IOC_PUBLISH_BATCH == 0xBE1e, "command numbers");
_Static_assert(KCHAN_IOC_TAKE_BATCH == 0xBE1f, "command numbers");

/* Numbers that are kept in programs. */
_Static_assert(KCHAN_OVERFLOW_BLOCK == 0 && KCHAN_OVERFLOW_REJECT == 1 &&
	       KCHAN_OVERFLOW_DROP == 2, "overflow policies");
_Static_assert(KCHAN_DEAD_EXPIRED == 1 && KCHAN_DEAD_REJECTED == 2 &&
	       KCHAN_DEAD_DELIVERIES == 3 && KCHAN_DEAD_OVERFLOW == 4 &&
	       KCHAN_DEAD_REASONS == 5, "reasons");
_Static_assert(KCHAN_FILTER_NONE == 0 && KCHAN_FILTER_TAG == 1 &&
	       KCHAN_FILTER_TAG_MAX == 2 && KCHAN_FILTER_TAG_NOT == 3 &&
	       KCHAN_FILTER_PRIO_MIN == 4, "filters");
_Static_assert(KCHAN_SLOTS_MAX == 1048576 && KCHAN_SLOT_SIZE_MAX == 1073741824 &&
	       KCHAN_SLOT_ALIGN == 64 && KCHAN_SLOT_OVERHEAD == 256, "pools");
_Static_assert(KCHAN_SLOT_NONE == 4294967295U, "no slot");
_Static_assert(KCHAN_CREATE_ZERO_SLOTS == 16 && KCHAN_CREATE_RECV_COPY == 32,
	       "flags of CREATE");
_Static_assert(KCHAN_STATE_ZERO_SLOTS == 4 && KCHAN_STATE_RECV_COPY == 8,
	       "flags of STATE");
_Static_assert(KCHAN_PUBLISH_LOAN == 16, "flags of PUBLISH");
_Static_assert(KCHAN_TAKE_RELEASE == 32 && KCHAN_TAKE_BRIEF == 64,
	       "flags of TAKE");
_Static_assert(KCHAN_FEATURE_POOL == 512, "features");

/* Netlink's numbers: the first and the last of each kind. */
_Static_assert(KCHAN_CMD_UNSPEC == 0 && KCHAN_CMD_CHANNEL == 1, "commands");
_Static_assert(KCHAN_CMD_EVENT == 4, "commands");
_Static_assert(KCHAN_A_UNSPEC == 0 && KCHAN_A_PAD == 1 && KCHAN_A_ID == 2,
	       "attributes");
_Static_assert(KCHAN_A_COUNT == 14 && KCHAN_A_MAX_CHANNELS == 15, "attributes");
_Static_assert(KCHAN_A_HELD == 24 && KCHAN_A_LOANED == 25 &&
	       KCHAN_A_TAKEN_SINCE == 28 && KCHAN_A_USER_POOL_BYTES == 30,
	       "attributes");
_Static_assert(KCHAN_A_MAX == 30, "attributes");
_Static_assert(KCHAN_EVENT_CREATED == 0 && KCHAN_EVENT_FULL == 7, "events");
_Static_assert(KCHAN_EVENT_DROPPED == 8 && KCHAN_EVENT_DEAD_LETTERED == 9, "events");
_Static_assert(KCHAN_ROLE_RECEIVER == 1 && KCHAN_ROLE_SENDER == 2, "roles");

#endif /* KCHAN_LAYOUT_H */
