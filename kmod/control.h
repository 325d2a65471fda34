/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_CONTROL_H
#define _KCHAN_CONTROL_H

int kchan_control_init(void);
void kchan_control_exit(void);

#endif /* _KCHAN_CONTROL_H */
