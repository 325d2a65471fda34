// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: tracepoints
 *
 * Each step of a message and of a slot has one, kchan:* of tracefs; kchan(7) lists them.
 * They cost an instruction where they are, or where a short way would have several, one
 * for all of them: the long way is taken while somebody traces.
 */
#include <linux/fs.h>
#include <linux/kdev_t.h>

#include "channel.h"
#include "inode.h"
#include "message.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

DEFINE_STATIC_KEY_FALSE(kchan_traced);

int kchan_trace_begin(void)
{
	static_branch_inc(&kchan_traced);
	return 0;
}

void kchan_trace_end(void)
{
	static_branch_dec(&kchan_traced);
}
