# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
# What the rig's scripts share. To be sourced.

PATH=$PATH:/usr/sbin:/sbin
vm=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
top=$(dirname "$(dirname "$vm")")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kchan

say()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# die STATUS TEXT...
die()
{
	local status=$1

	shift
	say "$@"
	exit "$status"
}

# The kernel build directory that everything is built against.
kdir()
{
	local d

	d=${KDIR:-/lib/modules/$(uname -r)/build}
	if [ -z "${KDIR:-}" ] && [ ! -e "$d/Makefile" ]; then
		d=$(printf '%s\n' /lib/modules/*/build/Makefile | sort -V | tail -n 1)
		d=${d%/Makefile}
	fi
	[ -e "$d/Makefile" ] && readlink -f "$d"
}

# Its release, as in uname -r.
kver()
{
	local d

	d=$(kdir) || return 1
	sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' \
		"$d/include/generated/utsrelease.h"
}

# guest_path PATH: as it is with /bin, /lib and their like under /usr.
guest_path()
{
	sed -E 's#^/((s?bin|lib(32|64|x32)?)(/|$))#/usr/\1#' <<<"$1"
}

is_elf()
{
	[ "$(head -c 4 "$1" | tr -d '\0')" = $'\177ELF' ]
}

# put ROOT HOST GUEST: copies a file, with the shared libraries it needs.
put()
{
	local root=$1 to lib

	to=$root$(guest_path "$3")
	mkdir -p "${to%/*}"
	cp -L --preserve=mode,timestamps "$2" "$to"
	is_elf "$2" || return 0
	for lib in $(ldd "$2" 2>/dev/null | grep -o '/[^ ]*'); do
		to=$root$(guest_path "$lib")
		[ ! -e "$to" ] || continue
		mkdir -p "${to%/*}"
		cp -L --preserve=mode,timestamps "$lib" "$to"
	done
}

# pack ROOT: that tree as a cpio archive, all of it root's.
pack()
{
	(cd "$1" && find . -print0 | LC_ALL=C sort -z |
		cpio -o -0 -H newc -R 0:0 --quiet)
}
