/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KCHAN_BENCH_PEERS_H
#define KCHAN_BENCH_PEERS_H

#include "peer.h"

extern const struct peer peer_null, peer_pipe, peer_fifo, peer_unix_stream,
	peer_unix_dgram, peer_unix_seqpacket, peer_tcp; /* by descriptor */
extern const struct peer peer_posix_mq, peer_sysv_msg;
extern const struct peer peer_eventfd, peer_futex; /* rings */
extern const struct peer peer_zeromq, peer_iceoryx; /* where installed */
extern const struct peer peer_kchan, peer_kchan_ioctl, peer_kchan_batch;
extern const struct peer peer_kchan_open;
extern const struct peer peer_kchan_loan, peer_kchan_loans;

#endif /* KCHAN_BENCH_PEERS_H */
