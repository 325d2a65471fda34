# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# For the tests of kchan(1), which run in the guest as root. To be sourced.

shopt -s extglob
failures=0
# shellcheck disable=SC2034
as_alice=(setpriv --reuid 1000 --regid 1000 --clear-groups)
# shellcheck disable=SC2034
here=$(dirname "$(readlink -f "$0")")
test_name=${0##*/}
test_name=${test_name%.test}
work=$(mktemp -d)
chmod 755 "$work"
cd "$work" || exit 1

# result STATUS NAME
result()
{
	local word=ok

	[ "$1" = 0 ] || { word="not ok"; failures=1; }
	echo "$word - $TAG $test_name: $2"
}

# verdict NAME STATUS GOT_STATUS MATCHES GOT COMMAND...
verdict()
{
	local name=$1 status=$2 got_status=$3 matches=$4 got=$5

	shift 5
	if [ "$got_status" = "$status" ] && [ "$matches" = 0 ]; then
		result 0 "$name"
		return
	fi
	printf '# %s\n' "$*" "status $got_status, not $status" \
		"${got//$'\n'/$'\n# '}"
	result 1 "$name"
}

# exactly NAME STATUS TEXT COMMAND...: it ends with that status and prints that text,
# on standard output and standard error together.
exactly()
{
	local name=$1 status=$2 text=$3 got got_status

	shift 3
	got=$("$@" 2>&1)
	got_status=$?
	[ "$got" = "$text" ]
	verdict "$name" "$status" $got_status $? "$got" "$@"
}

# expect NAME STATUS PATTERN COMMAND...: the same with a pattern of the shell.
expect()
{
	local name=$1 status=$2 text=$3 got got_status

	shift 3
	got=$("$@" 2>&1)
	got_status=$?
	# shellcheck disable=SC2053
	[[ $got == $text ]]
	verdict "$name" "$status" $got_status $? "$got" "$@"
}

# json FILTER COMMAND...: what jq makes of its standard output, on one line.
json()
{
	local filter=$1 out

	shift
	out=$("$@") || return
	jq -c "$filter" <<<"$out"
}

# What is on several lines on one.
joined()
{
	tr '\n' ' ' | sed 's/ $//'
}

# In the background $! would be a shell; see as_alice.
alice()
{
	"${as_alice[@]}" "$@"
}

# input TEXT COMMAND...: with that text, as printf has it, as standard input.
input()
{
	local text=$1

	shift
	# shellcheck disable=SC2059
	printf "$text" | "$@"
}

# eventually COMMAND...: until it succeeds; half a minute is enough for all.
eventually()
{
	for _ in $(seq 300); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	return 1
}

# One more waiting call to receive from that channel.
waits()
{
	[ "$(kchan ls --raw --noheadings --output WRECV "$1")" -ge "${2:-1}" ]
}

# borrow CHANNEL LOANED TAKEN: a process that has so many slots of it on loan and taken,
# and two descriptors of its pool, until it is killed: $borrower.
borrow()
{
	cat > borrow.py <<-'END'
	import fcntl, os, struct, sys, time
	POOL_FD, LOAN, TAKE = 0xbe19, 0xbe1a, 0xbe1c
	fd = os.open("/run/kchan/" + sys.argv[1], os.O_RDWR)
	def call(command, size, words=()):
	    arg = bytearray(struct.pack("I", size) + bytes(size - 4))
	    for at, value in words:
	        struct.pack_into("I", arg, at, value)
	    fcntl.ioctl(fd, command, arg)
	for _ in range(2):
	    call(POOL_FD, 32)
	for _ in range(int(sys.argv[2])):
	    call(LOAN, 40)
	for _ in range(int(sys.argv[3])):
	    call(TAKE, 112)
	open("borrowed", "w").close()
	time.sleep(1000)
	END
	rm -f borrowed
	python3 borrow.py "$@" &
	borrower=$!
	eventually [ -e borrowed ]
}

# Is somebody subscribed to events? (Generic netlink is protocol 16.)
subscribed()
{
	awk '$2 == 16 && $3 != 0 && $4 !~ /^0*$/ { found = 1 }
		END { exit !found }' /proc/net/netlink
}

# What the next test is not to find.
finish()
{
	local pids

	pids=$(jobs -p)
	# shellcheck disable=SC2086
	[ -z "$pids" ] || { kill -9 $pids; wait; } 2>/dev/null
	! grep -q ' /run/kchan kchanfs ' /proc/mounts ||
		find /run/kchan -mindepth 1 -depth -delete
	cd / && rm -rf "$work"
	exit $failures
}
trap finish EXIT
export -f joined
