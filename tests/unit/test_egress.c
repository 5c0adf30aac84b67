/* SPDX-License-Identifier: ISC */
/* Drivers that this machine has not: their answers to ethtool are scripted. */
#include "config.h"

#include <sys/ioctl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "deliver/egress.h"
#include "unit.h"

#define FEATURES 60
#define POSITION 41 /* of tx-udp-segmentation */

int __wrap_ioctl(int fd, unsigned long request, ...);

/* What the interface is; NULL: the request fails. */
static const char *driver, *bus;
static bool knows_features, has_feature, active;

static int
answer_strings(struct ethtool_gstrings *g)
{
	CU_ASSERT_EQUAL_FATAL(g->len, FEATURES);
	for (uint32_t i = 0; i < FEATURES; i++)
		snprintf((char *)g->data + i * ETH_GSTRING_LEN, ETH_GSTRING_LEN,
		    i == POSITION && has_feature ? "tx-udp-segmentation" :
						   "feature-%u",
		    i);
	return 0;
}

static int
answer_features(struct ethtool_gfeatures *g)
{
	CU_ASSERT_EQUAL_FATAL(g->size, (FEATURES + 31) / 32);
	g->features[POSITION / 32].active = active ? 1u << POSITION % 32 :
						     ~(1u << POSITION % 32);
	return 0;
}

static int
answer_driver(struct ethtool_drvinfo *info)
{
	if (driver == NULL)
		return -1;
	snprintf(info->driver, sizeof(info->driver), "%s", driver);
	snprintf(info->bus_info, sizeof(info->bus_info), "%s", bus);
	return 0;
}

int
__wrap_ioctl(int fd, unsigned long request, ...)
{
	struct ethtool_sset_info *info;
	struct ifreq *ifr;
	va_list ap;

	va_start(ap, request);
	ifr = va_arg(ap, struct ifreq *);
	va_end(ap);
	CU_ASSERT_EQUAL(request, SIOCETHTOOL);
	CU_ASSERT_STRING_EQUAL(ifr->ifr_name, "eth7");
	errno = EOPNOTSUPP;
	switch (*(uint32_t *)(void *)ifr->ifr_data) {
	case ETHTOOL_GSSET_INFO:
		if (!knows_features)
			return -1;
		info = (void *)ifr->ifr_data;
		info->data[0] = FEATURES;
		return 0;
	case ETHTOOL_GSTRINGS:
		return answer_strings((void *)ifr->ifr_data);
	case ETHTOOL_GFEATURES:
		return answer_features((void *)ifr->ifr_data);
	case ETHTOOL_GDRVINFO:
		return answer_driver((void *)ifr->ifr_data);
	}
	CU_FAIL("another request");
	return -1;
}

static enum egress_kind
kind(const char *name, const char *where)
{
	driver = name;
	bus = where;
	return egress_kind("eth7");
}

static void
test_hardware(void)
{
	knows_features = has_feature = active = true;
	CU_ASSERT_EQUAL(kind("ixgbe", "0000:03:00.0"), EGRESS_HARDWARE);
	CU_ASSERT_EQUAL(kind("r8152", "usb-0000:00:14.0-1"), EGRESS_HARDWARE);
}

static void
test_virtual(void)
{
	knows_features = has_feature = active = true;
	CU_ASSERT_EQUAL(kind("veth", ""), EGRESS_HANDS_ON);
	CU_ASSERT_EQUAL(kind("tun", "tap"), EGRESS_HANDS_ON);
	CU_ASSERT_EQUAL(kind("bridge", "N/A"), EGRESS_HANDS_ON);
	CU_ASSERT_EQUAL(kind("bonding", ""), EGRESS_HANDS_ON);
	CU_ASSERT_EQUAL(kind("virtio_net", "0000:00:03.0"), EGRESS_HANDS_ON);
	CU_ASSERT_EQUAL(kind("vmxnet3", "0000:0b:00.0"), EGRESS_HANDS_ON);
	CU_ASSERT_EQUAL(kind(NULL, NULL), EGRESS_HANDS_ON);
}

/* The feature is off: whatever it is, it gets single datagrams. */
static void
test_cut(void)
{
	knows_features = has_feature = true;
	active = false;
	CU_ASSERT_EQUAL(kind("veth", ""), EGRESS_CUTS);
	CU_ASSERT_EQUAL(kind("ixgbe", "0000:03:00.0"), EGRESS_CUTS);
}

/* A kernel that does not know the feature, or tells nothing. */
static void
test_unknown(void)
{
	active = false;
	knows_features = true;
	has_feature = false;
	CU_ASSERT_EQUAL(kind("veth", ""), EGRESS_HANDS_ON);
	knows_features = false;
	CU_ASSERT_EQUAL(kind("veth", ""), EGRESS_HANDS_ON);
}

static const struct unit_test tests[] = {
	{ "hardware", test_hardware },
	{ "virtual", test_virtual },
	{ "cut", test_cut },
	{ "unknown", test_unknown },
};
UNIT_MAIN("egress", tests)
