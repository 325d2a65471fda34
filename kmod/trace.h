/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kchan

#if !defined(_KCHAN_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _KCHAN_TRACE_H

#include <linux/jump_label.h>
#include <linux/sched.h>
#include <linux/tracepoint.h>

struct kchan_channel;
struct kchan_inode;
struct kchan_msg;

/*
 * Set while any of those of messages and slots is in use. The short ways of a message that
 * has a long one look at this alone for them, and leave it to that.
 */
DECLARE_STATIC_KEY_FALSE(kchan_traced);

int kchan_trace_begin(void);
void kchan_trace_end(void);

/* Which of the queues of a channel a call waits in. */
#define KCHAN_TRACE_SEND	0
#define KCHAN_TRACE_RECV	1
#define KCHAN_TRACE_LOAN	2

TRACE_EVENT(kchan_create,
	TP_PROTO(const struct kchan_inode *ki),
	TP_ARGS(ki),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, channel)
		__field(u32, kind)
		__field(u32, depth)
		__field(u32, msgsize)
		__field(u32, slots)
	),
	TP_fast_assign(
		__entry->dev = ki->vfs.i_sb->s_dev;
		__entry->channel = ki->vfs.i_ino;
		__entry->kind = ki->attr.kind;
		__entry->depth = ki->attr.depth;
		__entry->msgsize = ki->attr.msgsize;
		__entry->slots = ki->attr.slots;
	),
	TP_printk("dev=%d:%d channel=%llu kind=%u depth=%u msgsize=%u slots=%u",
		  MAJOR(__entry->dev), MINOR(__entry->dev), __entry->channel,
		  __entry->kind, __entry->depth, __entry->msgsize,
		  __entry->slots)
);

DECLARE_EVENT_CLASS(kchan_message,
	TP_PROTO(const struct kchan_channel *ch, const struct kchan_msg *msg),
	TP_ARGS(ch, msg),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, channel)
		__field(u64, seq)
		__field(u64, tag)
		__field(u32, size)
		__field(u16, prio)
		__field(u16, deliveries)
		__field(u32, queued)
	),
	TP_fast_assign(
		__entry->dev = ch->inode->i_sb->s_dev;
		__entry->channel = ch->id;
		__entry->seq = msg->entry.seq;
		__entry->tag = msg->entry.tag;
		__entry->size = msg->entry.size;
		__entry->prio = msg->entry.prio;
		__entry->deliveries = msg->deliveries;
		__entry->queued = ch->queue.count;
	),
	TP_printk("dev=%d:%d channel=%llu seq=%llu tag=%llu size=%u prio=%u deliveries=%u queued=%u",
		  MAJOR(__entry->dev), MINOR(__entry->dev), __entry->channel,
		  __entry->seq, __entry->tag, __entry->size, __entry->prio,
		  __entry->deliveries, __entry->queued)
);

/* A message is queued. */
DEFINE_EVENT_FN(kchan_message, kchan_send,
	TP_PROTO(const struct kchan_channel *ch, const struct kchan_msg *msg),
	TP_ARGS(ch, msg), kchan_trace_begin, kchan_trace_end
);

/* A message has left the queue for a receiver. */
DEFINE_EVENT_FN(kchan_message, kchan_recv,
	TP_PROTO(const struct kchan_channel *ch, const struct kchan_msg *msg),
	TP_ARGS(ch, msg), kchan_trace_begin, kchan_trace_end
);

DECLARE_EVENT_CLASS(kchan_slot,
	TP_PROTO(const struct kchan_channel *ch, u32 slot),
	TP_ARGS(ch, slot),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, channel)
		__field(u32, slot)
	),
	TP_fast_assign(
		__entry->dev = ch->inode->i_sb->s_dev;
		__entry->channel = ch->id;
		__entry->slot = slot;
	),
	TP_printk("dev=%d:%d channel=%llu slot=%u", MAJOR(__entry->dev),
		  MINOR(__entry->dev), __entry->channel, __entry->slot)
);

DEFINE_EVENT_FN(kchan_slot, kchan_loan,
	TP_PROTO(const struct kchan_channel *ch, u32 slot),
	TP_ARGS(ch, slot), kchan_trace_begin, kchan_trace_end
);

DEFINE_EVENT_FN(kchan_slot, kchan_publish,
	TP_PROTO(const struct kchan_channel *ch, u32 slot),
	TP_ARGS(ch, slot), kchan_trace_begin, kchan_trace_end
);

DEFINE_EVENT_FN(kchan_slot, kchan_take,
	TP_PROTO(const struct kchan_channel *ch, u32 slot),
	TP_ARGS(ch, slot), kchan_trace_begin, kchan_trace_end
);

DEFINE_EVENT_FN(kchan_slot, kchan_release,
	TP_PROTO(const struct kchan_channel *ch, u32 slot),
	TP_ARGS(ch, slot), kchan_trace_begin, kchan_trace_end
);

/* The current task begins to wait. */
TRACE_EVENT(kchan_wait,
	TP_PROTO(const struct kchan_channel *ch, int what),
	TP_ARGS(ch, what),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, channel)
		__field(int, what)
	),
	TP_fast_assign(
		__entry->dev = ch->inode->i_sb->s_dev;
		__entry->channel = ch->id;
		__entry->what = what;
	),
	TP_printk("dev=%d:%d channel=%llu for=%s", MAJOR(__entry->dev),
		  MINOR(__entry->dev), __entry->channel,
		  __print_symbolic(__entry->what,
				   { KCHAN_TRACE_SEND, "room" },
				   { KCHAN_TRACE_RECV, "message" },
				   { KCHAN_TRACE_LOAN, "slot" }))
);

/* A call has been served, or has failed, and its task is woken. */
TRACE_EVENT(kchan_wake,
	TP_PROTO(const struct task_struct *task, int status),
	TP_ARGS(task, status),
	TP_STRUCT__entry(
		__field(pid_t, pid)
		__field(int, status)
	),
	TP_fast_assign(
		__entry->pid = task->pid;
		__entry->status = status;
	),
	TP_printk("pid=%d status=%d", __entry->pid, __entry->status)
);

#endif /* _KCHAN_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
