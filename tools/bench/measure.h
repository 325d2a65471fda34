/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kchan bench measures, and how. */
#ifndef KCHAN_BENCH_MEASURE_H
#define KCHAN_BENCH_MEASURE_H

#include <pthread.h>

#include "hist.h"
#include "peer.h"

/**
 * DOC: how it is measured
 *
 * Each row is measured by processes of its own, several times (passes), with all made
 * anew. A pass has many rounds, and a round as many steps as make the clock's own cost
 * small, but so few that most rounds have no clock interrupt in them. Its figure is the
 * median of the rounds, divided by the messages of one; the first rounds are thrown
 * away (warm-up). The row's value is the median of the passes, and its spread how far
 * they lie apart: what of it does not repeat.
 *
 * Nothing is subtracted: the loop, the call through a pointer and the C library's
 * wrappers are in every figure alike. The clock is CLOCK_MONOTONIC. Where that counts
 * instructions (selftests/vm/run --icount, one CPU) the figures are instructions, of
 * user space and kernel, and who runs it says so (--unit); nobody guesses.
 *
 * With several processes a round begins when the first of them begins and ends when the
 * last one ends; they meet at a barrier before it. Calls wait (block), so with one CPU
 * the scheduler's switches are in the figure. A round trip of the ping-pong is a message
 * there and one back. Its value comes from rounds as all do; percentiles from a round in
 * which each trip is timed, and so they have a reading of the clock more.
 */

#define LINKS_MAX 4 /* of one measure, but for those that count objects */
#define PROCESSES_MAX 5
#define ROUNDS_MAX 51
#define WARM_UP 5

/* How much is measured. */
enum { QUICK, USUAL, FULL, EFFORTS };

struct job;

/**
 * struct measure - what is measured
 * @name: as it is chosen
 * @what: for --list and titles
 * @each: of what @what is the cost, for titles
 * @needs: CAN_* bits that a peer must have
 * @sizes: of messages, unless --size says otherwise; ends with 0; NULL: has none
 * @counts: of messages that are queued, or of objects; each ends with 0; NULL: has none
 * @run: does it once, in a process of its own; 0 or a negative errno
 * @bytes: the value is bytes, not time
 * @touches: payloads are written and read
 * @percentiles: there are some
 * @links: how many; 0: as many as the count says
 * @processes: how many take part; 0: only the one that runs it
 * @roles: for each process what it does with each link
 */
struct measure {
	const char *name;
	const char *what;
	const char *each;
	unsigned int needs;
	const uint64_t *sizes;
	const uint64_t *counts[EFFORTS];
	int (*run)(struct job *job);
	bool bytes;
	bool touches;
	bool percentiles;
	unsigned int links;
	unsigned int processes;
	unsigned char roles[PROCESSES_MAX][LINKS_MAX];
};

/* The last has no name. */
extern const struct measure measures[];

/**
 * struct job - one pass of one row; shared by all processes that work on it
 * @measure: what
 * @peer: on what
 * @size: bytes of a message
 * @count: messages or objects
 * @rounds: how many
 * @steps: at most so many in one
 * @error: as @measure.run returned it
 * @value: for each message, or what it is
 * @trips: of each round trip, over all passes
 * @note: why it could not be measured
 * @links: of @peer
 * @link_count: how many
 * @barrier: where processes meet before a round
 * @times: when each began and ended each round
 */
struct job {
	const struct measure *measure;
	const struct peer *peer;
	uint64_t size;
	uint64_t count;
	unsigned int rounds;
	unsigned int steps;
	int error;
	double value;
	struct hist trips;
	char note[NOTE_SIZE];
	struct link *links;
	size_t link_count;
	pthread_barrier_t barrier;
	struct {
		uint64_t begin;
		uint64_t end;
	} times[PROCESSES_MAX][ROUNDS_MAX];
};

uint64_t clock_now(void);
/* The median; sorts them. */
uint64_t median(uint64_t *values, size_t count);
/* Steps of a round, fewer of long messages. */
unsigned int steps_of(const struct job *job);

/* Makes the first @count of job.links. */
int links_make(struct job *job, size_t count);
void links_detach(struct link *links, size_t count);
int link_attach(struct link *link, unsigned int roles);
int link_nonblock(struct link *link);

int run_single(struct job *job);
int run_touched(struct job *job);
int run_full(struct job *job);
int run_empty(struct job *job);
int run_queued(struct job *job);
int run_message(struct job *job);
int run_create(struct job *job);
int run_remove(struct job *job);
int run_idle(struct job *job);
int run_together(struct job *job);

#endif /* KCHAN_BENCH_MEASURE_H */
