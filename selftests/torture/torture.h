/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Torture of kchan: many processes do at random what programs do, and what they
 * should not, while others are killed and stopped; between rounds everything is
 * taken down and the books are checked.
 *
 * Whoever adds a feature adds actions: a function, and a line in the table of
 * torture.c. What an action may rely on:
 *
 * - It runs in a worker process that may be killed at any instruction, and at
 *   whose side others do the same to the same objects.
 * - Random numbers come from t_rnd() and its kin, so that a seed repeats the
 *   decisions (not the interleaving).
 * - A call returns what the specification says, or the action reports it with
 *   t_fail(); t_expect() is for errors.
 * - A call that may wait for ever is declared by t_wants(), so that the end of
 *   the round can bring what it waits for; that is how a missing wake-up is
 *   found. All other waits have deadlines or end by themselves.
 * - Messages are sent and received by t_send() and t_recv() alone: they keep the
 *   books. Who must do it otherwise, as the batches, does the same, by
 *   t_note_begin() and t_note_sent(), t_wish_begin(), t_accept() and t_wish_end().
 *
 * Nothing here depends on how fast the machine is.
 */
#ifndef KCHAN_TORTURE_H
#define KCHAN_TORTURE_H

#ifndef KCHAN_TEST_LIB
#define KCHAN_TEST_LIB
#endif
#include "../kchan_netlink.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#endif

#define T_SLOTS		48	/* processes and threads at one time */
#define T_CHANNELS	10	/* tracked channels of a round */
#define T_LETTERS	9	/* the one for dead messages of others */
#define T_NOTES		(1 << 15)	/* messages of a slot in a round */
#define T_WILD		10	/* endpoints that a worker keeps */
#define T_ACTIONS	64
#define T_MAX		(1024 * 1024)	/* longest message */
#define T_PAGE		4096
#define T_HEAD		24	/* the shortest message that says who it is */

/* Channels that are not tracked. */
#define T_UNTRACKED	(-1)	/* of the initial network namespace */
#define T_PRIVATE	(-2)	/* whose number may be that of another */

/* What has become of a message. */
enum t_note {
	T_UNUSED,
	T_SENDING,		/* its sender has begun */
	T_SENT,			/* the call has succeeded */
	T_FAILED,		/* the call has failed */
	T_RECEIVED,
	T_ORPHAN,		/* in the hand of a receiver that was killed, or dead */
};

/* What a call that may wait for ever waits for. */
enum t_want {
	T_NOTHING,
	T_MESSAGE,		/* a message in a tracked channel */
	T_FIT,			/* one that fits a filter */
	T_ROOM,			/* room in a tracked channel */
	T_SIGNAL,		/* only a signal ends it for certain */
};

/**
 * struct t_slot - one process or thread that takes part
 * @pid: the process; 0: free
 * @tid: the thread
 * @stopped: SIGSTOP was sent
 * @number: messages it has begun to send in this round
 * @spawned: how often it was taken
 * @beats: actions it has done
 * @action: the one it is at; -1: none
 * @doing: the call it is in, a string constant; or NULL
 * @wants: what that waits for
 * @channel: the tracked channel that it is about; -1: none
 * @receiving: a tracked channel from which it is receiving, plus 1
 * @unseen: so many messages, and not into the slot's own buffer, so that nobody
 *	else can see them
 * @picky: the number of a channel where it may wait with a filter
 * @filter: that filter
 * @value: what it compares with
 */
struct t_slot {
	pid_t pid;
	pid_t tid;
	bool stopped;
	uint32_t number;
	uint32_t spawned;
	uint32_t beats;
	int action;
	const char *doing;
	enum t_want wants;
	int channel;
	int receiving;
	uint32_t unseen;
	uint64_t picky;
	uint32_t filter;
	uint64_t value;
};

/**
 * struct t_channel - a channel whose messages are all accounted for
 * @fd: an endpoint for both, which all processes inherit
 * @nowait: another one, with O_NONBLOCK
 * @id: its number
 * @name: its name, or "" for none
 * @depth: attribute
 * @msgsize: attribute
 * @bytes: attribute
 * @overflow: attribute
 * @dead_letter: attribute
 * @slots: attribute
 * @slot_size: attribute
 * @tiny: carries messages too short for a header; received by RECV alone
 * @mortal: messages may die there
 * @got: messages received, by who noted them; held ones once acknowledged
 * @unseen: messages that killed receivers may have had and nobody could see
 * @drained: messages taken at the end of the round
 */
struct t_channel {
	int fd;
	int nowait;
	uint64_t id;
	char name[16];
	uint32_t depth;
	uint32_t msgsize;
	uint64_t bytes;
	uint32_t overflow;
	uint64_t dead_letter;
	uint32_t slots;
	uint32_t slot_size;
	bool tiny;
	bool mortal;
	uint32_t got;
	uint32_t unseen;
	uint32_t drained;
};

/* How often each was done, and with success. */
struct t_count {
	uint32_t tried;
	uint32_t done;
};

/**
 * struct t_world - what all processes share
 * @seed: of the run
 * @round: from 1
 * @reload: the module is unloaded and loaded in this round
 * @stop: the round ends
 * @failures: reported so far
 * @heart: moves while the conductor does
 * @phase: what the conductor is at
 * @beats: actions that workers have done
 * @slots: those up to here have been used in the round
 * @weight: of each action in this round
 * @socket: descriptors go in at [0] and come out of [1]
 * @note: enum t_note of each message
 * @via: its tracked channel plus 1
 */
struct t_world {
	uint64_t seed;
	uint32_t round;
	bool reload;
	bool stop;
	uint32_t failures;
	uint32_t heart;
	const char *phase;
	uint32_t beats;
	uint32_t killed;
	uint32_t stopped;
	uint32_t oom_killed;
	uint32_t sent;
	uint32_t received;
	uint32_t again;
	uint32_t loads;
	uint32_t slow_faults;
	uint32_t held;
	uint32_t letters;
	uint32_t slotted;
	int slots;
	unsigned int weight[T_ACTIONS];
	struct t_count count[T_ACTIONS];
	int socket[2];
	struct t_slot slot[T_SLOTS];
	struct t_channel channel[T_CHANNELS];
	uint8_t note[T_SLOTS][T_NOTES];
	uint8_t via[T_SLOTS][T_NOTES];
};

extern struct t_world *world;

/* Where an action can be used. */
#define T_RELOAD	2	/* also while the module comes and goes */
#define T_CONDUCTOR	4	/* done by the conductor to others */

/**
 * struct t_action - something that a worker does
 * @name: for --only, --without and reports
 * @run: does it; true: it has done what it is for
 * @weight: how often, against the others
 * @flags: T_RELOAD and T_CONDUCTOR
 */
struct t_action {
	const char *name;
	bool (*run)(void);
	unsigned int weight;
	unsigned int flags;
};

extern const struct t_action t_actions[];
unsigned int t_nr_actions(void);

/**
 * struct t_options - the command line
 * @hang: seconds without any progress that count as a hang
 */
struct t_options {
	uint64_t seeds[32];
	unsigned int nr_seeds;
	unsigned int seconds;
	unsigned int round_seconds;
	unsigned int first_round;
	unsigned int processes;
	unsigned int hang;
	bool verbose;
	const char *module;
	bool enabled[T_ACTIONS];
};

extern struct t_options opt;

/**
 * struct t_wild - an endpoint that a worker keeps
 * @fd: the descriptor, or -1
 * @mode: O_RDONLY, O_WRONLY or O_RDWR
 * @channel: the tracked channel, or T_UNTRACKED
 * @id: the channel's number
 */
struct t_wild {
	int fd;
	int mode;
	int channel;
	uint64_t id;
};

/**
 * struct t_self - what belongs to this process
 * @ctl: the control device, or -1
 * @listener: a socket that is told of events, or -1
 * @dir: where it may mount the instance
 * @mounted: it has
 * @readonly: the mount is
 */
struct t_self {
	int ctl;
	int listener;
	char dir[32];
	bool mounted;
	bool readonly;
	struct t_wild wild[T_WILD];
};

extern struct t_self self;
extern __thread struct t_slot *me;	/* the thread's slot, or NULL */

/* world.c: chance, reports, slots */
void t_srnd(uint64_t a, uint64_t b, uint64_t c);
uint64_t t_rnd64(void);
unsigned int t_rnd(unsigned int n);
bool t_one_in(unsigned int n);
void t_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void t_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
bool t_expect(int err, const char *what, const int *allowed);
#define T_EXPECT(err, what, ...) \
	t_expect(err, what, ((const int []) { __VA_ARGS__, 0 }))
struct t_slot *t_slot_take(void);
void t_slot_give(struct t_slot *slot);
void t_slots_of(pid_t pid);
int t_slot_nr(const struct t_slot *slot);
void t_doing(const char *what);
void t_wants(enum t_want want, int channel);
void t_at(const char *phase);
bool t_eventually(bool (*cond)(void *), void *arg, const char *what);
void t_report(void);

/* message.c: what is in messages, and the books */
char *t_rx_buffer(const struct t_slot *slot);
struct kchan_recv *t_rx_arg(const struct t_slot *slot);
void t_rx_map(void);
uint64_t t_note_begin(int channel);
void t_note_sent(uint64_t id, int err);
void t_note_orphan(uint64_t id);
void t_note_seen(uint64_t id);
bool t_note_received(uint64_t id, int via, int channel);
bool t_is_id(uint64_t id);
void t_fill(void *buf, uint32_t len, uint64_t id, uint64_t channel,
	    uint32_t prio);
uint64_t t_verify(const void *buf, uint32_t len, uint64_t channel,
		  const struct kchan_recv *meta);
uint32_t t_prio_of(const void *buf);
uint64_t t_channel_of(const void *buf, uint32_t len);
void t_order(uint64_t channel, int fd, uint64_t id, uint32_t prio,
	     const struct kchan_recv *meta);
bool t_check_state(int fd, const struct t_channel *ch,
		   struct kchan_state *state);

/* traffic.c */
enum t_patience { T_NOW, T_DEADLINE, T_FOREVER };
enum t_form { T_PLAIN, T_VECTOR, T_IOCTL };

/**
 * struct t_call - a message to send, or a receive
 * @fd: the endpoint
 * @nowait: an endpoint of it with O_NONBLOCK, or -1
 * @channel: tracked channel, T_UNTRACKED or T_PRIVATE
 * @id: the channel's number
 * @form: write(2), writev(2) or SEND; likewise for receives
 * @patience: how long to wait
 * @need_peer: KCHAN_NEED_PEER
 * @len: of the message; capacity of a receive
 * @prio: of the message
 * @buf: where, or NULL for a buffer of its own
 * @content: where to write what is sent, to be read at @buf; NULL: at @buf
 * @arg: where to write the ioctl's argument, or NULL for one of its own
 * @arg_at: where the kernel finds it, and leaves its answer; NULL: at @arg
 * @bad: EFAULT is expected, or at least nothing else
 * @faulty: EFAULT may happen
 * @expiry: of the message
 * @flags: of a receive: KCHAN_HOLD or KCHAN_PEEK
 * @filter: of a receive: KCHAN_FILTER_*; likewise @value and @position
 * @keep: what is held stays so; else something becomes of it at once
 * @got: which message was received, or 0
 * @via: the tracked channel to which that was sent, or -1
 * @seq: its number
 * @tag: its tag
 */
struct t_call {
	int fd;
	int nowait;
	int channel;
	uint64_t id;
	enum t_form form;
	enum t_patience patience;
	bool need_peer;
	uint32_t len;
	uint32_t prio;
	void *buf;
	void *content;
	void *arg;
	void *arg_at;
	bool bad;
	bool faulty;
	uint64_t expiry;
	uint32_t flags;
	uint32_t filter;
	uint64_t value;
	uint32_t position;
	bool keep;
	uint64_t got;
	int via;
	uint64_t seq;
	uint64_t tag;
};

struct t_call t_call_tracked(int channel);
struct t_call t_call_wild(const struct t_wild *wild);
struct t_call t_call_private(int fd);
uint32_t t_random_len(uint32_t max);
uint32_t t_random_prio(void);
void t_any_expiry(struct t_call *call);
void t_any_wish(struct t_call *call);
int t_send(struct t_call *call);
int t_recv(struct t_call *call);
void t_wish_begin(const struct t_call *call, uint32_t unseen);
void t_wish_end(void);
void t_check_error(const struct t_call *call, int err, const char *what);
bool t_accept(struct t_call *call, const void *buf, int len,
	      const struct kchan_recv *meta);
uint64_t t_deadline(const struct t_call *call);
bool t_small_traffic(int channel);

/* users, wild endpoints (names.c) */
void t_as_someone(void);
void t_as_root(void);
int t_ctl(void);
void t_ctl_done(void);
bool t_wild_keep(int fd, int mode, int channel);
struct t_wild *t_wild_any(void);
void t_wild_close(struct t_wild *wild);
void t_wild_close_all(void);
void t_names_clean(const char *dir);
bool t_names_left(const char *dir);

/* hold.c */
bool t_may_reject(const struct t_call *call);
void t_let_go(const struct t_call *call);
void t_tidy(int channel);

/* slots.c */
int t_hog_pool(int ctl);
void t_hog_slot(int fd);

/* look.c */
int t_tracked(uint64_t id);
uint64_t t_seen(void);
bool t_nothing_charged(void *arg);
void t_look_and_leave(void);

/* procs.c */
pid_t t_spawn(int (*fn)(void *arg), void *arg);
int t_reap(pid_t pid);
void t_warm_up(void);
int t_send_fds(int sock, const int *fds, int n, const void *data, size_t len);
int t_recv_fds(int sock, int *fds, int n, void *data, size_t len);

/* round.c */
bool t_round(void);

/* spaces.c */
void t_limits_restore(void);
void t_cgroups_clean(void);

/* module.c */
bool t_module_is_free(void);

/* The actions. */
bool act_send(void), act_recv(void), act_poll(void), act_state(void);
bool act_burst(void), act_wild_send(void), act_wild_recv(void);
bool act_create(void), act_open(void), act_auto(void), act_unlink(void);
bool act_rename(void), act_mkdir(void), act_rmdir(void), act_revoke(void);
bool act_close(void), act_list(void), act_attr(void), act_unnamed(void);
bool act_mount(void), act_umount(void), act_remount(void), act_netns(void);
bool act_limits(void), act_fork(void), act_peer(void), act_pass(void);
bool act_take(void), act_oom(void), act_bad_send(void), act_bad_recv(void);
bool act_bad_arg(void), act_slow_copy(void), act_slow_wait(void);
bool act_slow_ctl(void), act_use(void), act_hold(void), act_choose(void);
bool act_send_batch(void), act_recv_batch(void), act_settings(void);
bool act_slow_many(void), act_expire(void), act_slots(void);
bool act_remove(void), act_relative(void), act_look(void), act_listen(void);
bool act_kill(void), act_stop(void), act_continue(void);
bool act_interrupt(void), act_unload(void);

#endif /* KCHAN_TORTURE_H */
