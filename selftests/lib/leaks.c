// SPDX-License-Identifier: GPL-2.0
/*
 * Linked into the sanitized tests with --wrap=_exit: each test ends by _exit(2), which
 * would leave out what the sanitizer does at the end, to look for leaks.
 */
#include <sanitizer/lsan_interface.h>

void __real__exit(int status) __attribute__((noreturn));
void __wrap__exit(int status) __attribute__((noreturn));

void __wrap__exit(int status)
{
	__lsan_do_leak_check();
	__real__exit(status);
}
