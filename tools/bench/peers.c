// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of what is measured against what. */
#include "peers.h"

const struct peer *const peers[] = {
	&peer_null,	   &peer_pipe,
	&peer_fifo,	   &peer_unix_stream,
	&peer_unix_dgram,  &peer_unix_seqpacket,
	&peer_tcp,	   &peer_posix_mq,
	&peer_sysv_msg,	   &peer_eventfd,
	&peer_futex,	   &peer_zeromq,
	&peer_iceoryx,	   &peer_kchan,
	&peer_kchan_ioctl, &peer_kchan_batch,
	&peer_kchan_open,  &peer_kchan_loan,
	&peer_kchan_loans, NULL,
};
