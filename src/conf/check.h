/* SPDX-License-Identifier: ISC */
/* What a configuration means: checks across options, and against the host. */
#ifndef TM_CHECK_H
#define TM_CHECK_H

struct conf;
struct conf_report;
struct iface_list;

/* Checks that need only the configuration: names, quota, targets used,
 * session ids, contradicting and shadowed rules. Resolves the targets of
 * each mirror. Called by conf_load. */
void conf_check(struct conf *c, struct conf_report *r);

/* Checks against the interfaces and routes of this host: missing
 * interfaces, source and target on one interface, a target that is this host,
 * no route, path MTU too small. */
void conf_check_host(const struct conf *c, const struct iface_list *ifaces,
    struct conf_report *r);

#endif
