#!/bin/sh
# SPDX-License-Identifier: ISC
# Frames that are cut off, lie about their lengths or nest without end: a
# mirror without rules copies each of them byte for byte.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/copies.sh"

lab 4
for end in "client eth0 9000" "source eth0 9000" "source eth1 9200" \
    "target eth0 9200"; do
	# shellcheck disable=SC2086 # several words
	set -- $end
	ip -n "$1" link set dev "$2" mtu "$3"
done

# repeat N HEX
repeat() {
	printf "%${1}s" "" | sed "s/ /$2/g"
}

# ip4 VERSION-IHL TOTAL-LENGTH FRAGMENT PROTOCOL: the addresses are those of
# the link
ip4() {
	echo "${1}00${2}0000${3}40${4}00000a0000010a00000e"
}

# ip6 PAYLOAD-LENGTH NEXT-HEADER
ip6() {
	echo "60000000${1}${2}40fd000000000000000000000000000001$(:
	)fd000000000000000000000000000014"
}

ports=4e201388
udp=${ports}000c000074616773
tcp=${ports}00000001000000005002ffff00000000
unreachable=0301000000000000

# Each line "ETHERTYPE and what follows".
absurd() {
	for type in 0800 86dd 0806 0000 0005 05ff ffff 8847 8863; do
		echo "$type"
	done
	for n in 1 2 3 4 5 6; do
		echo "0800$(repeat $n 45)"
		echo "86dd$(repeat $n 60)"
		echo "0806$(repeat $n 00)"
	done
	# header lengths and versions
	echo "0800$(ip4 40 0020 0000 11)$udp"
	echo "0800$(ip4 41 0020 0000 11)$udp"
	echo "0800$(ip4 4f 0020 0000 11)$udp"
	echo "0800$(ip4 4f 0030 0000 01)$(repeat 30 03)"
	echo "0800$(ip4 4f 0040 0000 01)$(repeat 40 03)"
	echo "0800$(ip4 4f 0040 0000 11)$(repeat 20 11)"
	echo "0800$(ip4 65 0020 0000 11)$udp"
	echo "86dd$(ip4 45 0020 0000 11)$udp"
	echo "0800$(ip6 000c 11)$udp"
	# total lengths
	for len in 0000 0001 0013 ffff; do
		echo "0800$(ip4 45 $len 0000 11)$udp"
		echo "86dd$(ip6 $len 11)$udp"
	done
	# transport headers
	for n in 1 2 3 4 13 19; do
		echo "0800$(ip4 45 0028 0000 06)$(repeat $n 50)"
		echo "86dd$(ip6 0014 06)$(repeat $n 50)"
	done
	echo "0800$(ip4 45 0028 0000 06)${ports}00000001000000000002ffff0000"
	echo "0800$(ip4 45 0028 0000 06)${ports}0000000100000000f002ffff0000"
	echo "0800$(ip4 45 0020 0000 11)${ports}00000000"
	echo "0800$(ip4 45 0020 0000 11)${ports}ffff0000"
	echo "0800$(ip4 45 0024 0000 84)${ports}000000000000000003000004"
	for proto in 00 02 04 29 2f 32 33 67 ff; do
		echo "0800$(ip4 45 0020 0000 $proto)ffffffffffffffffffffffff"
		echo "86dd$(ip6 000c $proto)ffffffffffffffffffffffff"
	done
	# fragments
	for offset in 1fff 3fff 2000 0001 8000 ffff; do
		echo "0800$(ip4 45 0020 $offset 11)$udp"
		echo "0800$(ip4 45 0020 $offset 01)$unreachable"
		echo "86dd$(ip6 0014 2c)1100${offset}00000001$udp"
	done
	# extension headers
	echo "86dd$(ip6 020c 3c)$(repeat 63 3c00010400000000)$(:
	    )1100010400000000$udp"
	echo "86dd$(ip6 0010 00)11ff0104000000000000000000000000"
	echo "86dd$(ip6 0008 00)1100c20400010000"
	echo "86dd$(ip6 0008 33)11ff000000000000"
	echo "86dd$(ip6 0008 2b)11ff00ff00000000"
	# nesting
	echo "$(repeat 64 81000064)0800$(ip4 45 0020 0000 11)$udp"
	echo "$(repeat 64 88a80064)86dd"
	echo "0800$(repeat 64 "$(ip4 45 0514 0000 04)")"
	echo "0800$(repeat 32 "$(ip4 45 0514 0000 01)$unreachable")"
	echo "86dd$(repeat 20 "$(ip6 0514 3a)0100000000000000")"
	echo "86dd$(repeat 30 "$(ip6 0514 29)")"
	# sizes
	echo "0800$(repeat 46 00)"
	echo "0800$(repeat 1500 00)"
	echo "0000$(repeat 1500 00)"
	echo "ffff$(repeat 1500 ff)"
	echo "0800$(ip4 45 2328 0000 11)$(repeat 8980 55)"
}

# Every beginning of a frame that filters look deep into.
beginnings() {
	quoted=45000020000000004011000000000000
	for frame in \
	    "0800$(ip4 45 0038 0000 01)$unreachable$quoted$udp$udp" \
	    "0800$(ip4 4f 0060 0000 01)$(repeat 10 01020304)$unreachable" \
	    "0800$(ip4 45 0040 2000 11)$(repeat 44 11)" \
	    "86dd$(ip6 0040 3a)$unreachable$(ip6 0008 11)$udp" \
	    "86dd$(ip6 0040 2c)1100000100000001$(repeat 40 11)" \
	    "0806000108000604000102000000010a0a000001$(repeat 26 00)"; do
		end=${#frame}
		while [ "$end" -ge 4 ]; do
			echo "$frame" | cut -c "1-$end"
			end=$((end - 2))
		done
	done
}

# check NS MACS LINES OPTION: what framesend sends from there arrives
check() {
	sed "s/^/$2/" "$3" >"$T/want"
	want=$(wc -l <"$T/want")
	mirror_start "source-ports = 1" "$4" eth0 "udp port 4789"
	in_ns "$1" "$tools/framesend" eth0 <"$T/want"
	mirror_stop "$want"
	inner >"$T/got"
	diff "$T/want" "$T/got" >"$T/diff.log" ||
		fail "from $1: copies differ from what was sent"
	expect_eq "from $1: captured" "$(counter captured_packets)" "$want"
	expect_eq "from $1: copied" "$(counter copied_packets)" "$want"
}

# both FILE: received and sent
both() {
	check client 02000000010b02000000010a "$1" "direction = in"
	check source 02000000010a02000000010b "$1" "direction = out"
}

# The kernel itself drops a received frame of less than 20 bytes with a tag.
absurd >"$T/absurd"
both "$T/absurd"
beginnings >"$T/beginnings"
both "$T/beginnings"
for tags in 81000064 81000064810000c8; do
	sed "s/^/$tags/" "$T/beginnings" | grep -E '.{16}' >"$T/tagged"
	both "$T/tagged"
done
