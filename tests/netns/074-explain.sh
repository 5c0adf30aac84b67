#!/bin/sh
# SPDX-License-Identifier: ISC
# explain: what it says of a flow is what happens to it, target and port; each
# reason why a packet is not mirrored; captures; a configuration offline.
. "$(dirname "$0")/lib.sh"

conf=$T/trafmirrord.conf
ctl=$top_builddir/trafmirrorctl
flows=200

ns_new client source target
link client eth0 10.0.0.1/24,fd00::1/64 source eth0 10.0.0.14/24,fd00::14/64
link source eth1 10.0.9.1/24 target eth0 10.0.9.11/24,10.0.9.12/24
ip -n source link add dev down0 type veth peer name down1

cat >"$conf" <<'END'
user = root
max-mirrors = 20
target a { address = 10.0.9.11 }
target b { address = 10.0.9.12 }
target g { address = 10.0.9.12  encap = geneve }
target nowhere { address = 192.0.2.1 }
target drained { address = 10.0.9.13 weight = 0 }
mirror web {
	sources = { eth0 }
	direction = out
	filter = any
	rule flows { protocol = udp  dst-port = 20000-20010 }
	rule https { protocol = tcp  dst-port = 443  src = 10.0.0.0/8 }
	targets = { a, b }
	session-id = 4096
}
mirror first {
	sources = { eth0 }
	filter = first
	rule "no dns" { action = drop  protocol = udp  dst-port = 53 }
	rule rest { protocol = udp }
	bpf = "not port 99"
	targets = { a, b }
	balance = packet
	session-id = 2
	rate-limit = 100M
}
mirror both { sources = { eth0 }  targets = { a, g }  session-id = 3
    rule udp { protocol = udp }  rule port { dst-port = 7 }
    balance = replicate  truncate = 100 }
mirror rare { sources = { eth0 }  targets = { a }  session-id = 4
    sample = 1000000 }
mirror off { sources = { eth0 }  targets = { a }  session-id = 5
    collect = false }
mirror gone { sources = { absent0 }  targets = { a }  session-id = 6 }
mirror down { sources = { down0 }  targets = { a }  session-id = 7 }
mirror empty { sources = { eth0 }  targets = { drained }  session-id = 8 }
mirror lost { sources = { eth0 }  targets = { nowhere }  session-id = 9 }
mirror strict { sources = { eth0 }  targets = { a }  session-id = 10
    oversize = drop }
mirror bare { sources = { eth0 }  targets = { a }  session-id = 11
    exclude-targets = false }
END

# says STATUS REGEX ARG...: runs trafmirrorctl, whose words have to match
says() {
	want=$1
	regex=$2
	shift 2
	status=0
	said=$(in_ns source "$ctl" "$@" 2>&1) || status=$?
	expect_eq "exit status of trafmirrorctl $*" "$status" "$want"
	printf '%s\n' "$said" | grep -Eq -- "$regex" ||
		fail "trafmirrorctl $* says '$said', want '$regex'"
}

# offline ARG...
offline() {
	in_ns source "$top_builddir/trafmirrord" -n -c "$conf" --explain "$@"
}

# What a daemon that is not there would do, to be compared with one that is.
flow='udp 10.0.0.14:10000 > 10.0.0.1:20000 out'
offline "$flow" >"$T/offline" 2>"$T/offline.err"
says 3 'is trafmirrord running' explain "$flow"
daemon_start source "$conf"
says 0 '^udp 10\.0\.0\.14:10000 > 10\.0\.0\.1:20000, 42 bytes$' explain "$flow"
printf '%s\n' "$said" >"$T/online"
diff "$T/offline" "$T/online" || fail "offline and online differ"

# ---- what is foreseen happens ----------------------------------------------

capture_start source eth0 "$T/in.pcap" 'dst host 10.0.0.1'
capture_start target eth0 "$T/copies.pcap" 'udp port 4789'
in_ns source "$tools/flowgen" -4 -d 10.0.0.1 -p 10000 -s 20000 -f "$flows" \
    -n "$flows" -r 5000 >/dev/null
# Of each: web, one, first, one, bare, one; the others drop or are counted.
wait_until 10 capture_has "$T/copies.pcap" $((3 * flows)) || :
capture_stop "$T/copies.pcap"
capture_stop "$T/in.pcap"

# The copies of web: flow, target and source port. tcpdump prints the outer
# header first.
capture_show "$T/copies.pcap" | awk '
    / vni / {
	web = $NF == 4096
	sub(/.*\./, "", $3)
	sub(/\.[0-9]*:$/, "", $5)
	outer = ($5 == "10.0.9.11" ? "a" : "b") " " $3
	next
    }
    web {
	for (i = 1; i <= NF && $i != ">"; i++)
		continue
	src = $(i - 1)
	dst = $(i + 1)
	sub(/:$/, "", dst)
	sub(/\.[0-9]*$/, ":&", src)
	sub(/\.[0-9]*$/, ":&", dst)
	sub(/:\./, ":", src)
	sub(/:\./, ":", dst)
	print src, dst, outer
    }' | sort >"$T/happened"
in_ns source "$ctl" explain web -r "$T/in.pcap" >"$T/explained.log"
sed -n 's/^#[0-9]* udp \([^ ]*\) > \([^ ]*\): web: rule "flows" -> \([ab]\) port \([0-9]*\), 57 -> 9[0-9] bytes, fits$/\1 \2 \3 \4/p' \
    "$T/explained.log" | sort >"$T/foreseen"
expect_eq "copies of web" "$(wc -l <"$T/happened")" "$flows"
diff "$T/foreseen" "$T/happened" || fail "copies went other ways"
[ "$(cut -d ' ' -f 3 "$T/foreseen" | sort -u | wc -l)" -eq 2 ] ||
	fail "one target only"
[ "$(cut -d ' ' -f 4 "$T/foreseen" | sort -u | wc -l)" -ge 12 ] ||
	fail "less ports than there are"
echo "$flows flows: targets and ports as foreseen"

# One flow in words gives the same.
read -r src dst name port <"$T/foreseen"
says 0 "  -> $name at 10\.0\.9\.1[12] port $port > (4789|6081), 42 -> " \
    explain web "udp $src > $dst out"
says 0 "  -> $name at 10\.0\.9\.1[12] port $port > " \
    explain web udp "$src" '>' "$dst"

# ---- reasons ---------------------------------------------------------------

# no MIRROR CONDITION REGEX FLOW: why it is not mirrored
no() {
	says 0 "^  $2 +no +$3" explain "$1" "$4"
	printf '%s\n' "$said" | grep -q "^$1: not mirrored" ||
		fail "$1 mirrors $4: $said"
}
u='udp 10.0.0.14:1 > 10.0.0.1:7'
no off collect 'false: the mirror is off' "$u"
no gone source 'no interface here' "$u"
no down source 'down0, the first of them: it is down' "$u"
no web source 'there is no interface wlan0' "$u on wlan0"
no web source 'eth1 is none of the mirror.s sources' "$u on eth1"
no web direction 'out: it goes in, as the destination is this host.s' \
    'udp 10.0.0.1:7 > 10.0.0.14:1'
no web direction 'out: it goes in, as was said' "$u in"
no web rules 'none matches; nearest is "https", but for: src$' \
    'tcp [fd00::14]:1 > [fd00::1]:443'
says 0 '^    flows +no +not its protocol, dst-port$' \
    explain web 'tcp 10.0.0.14 > 10.0.0.1:443'
no first rules '"no dns" is the first that matches: action = drop' \
    'udp 10.0.0.14:5 > 10.0.0.1:53'
no first rules 'none matches' 'icmp 10.0.0.14 > 10.0.0.1 id 9'
no first bpf '"not port 99"' 'udp 10.0.0.14:5 > 10.0.0.1:99'
no both rules '"port" does not match: dst-port' 'udp 10.0.0.14:5 > 10.0.0.1:8'
no web exclude-targets 'true: it is to or from target "a"' \
    'tcp 10.0.0.14:5 > 10.0.9.11:443'
no rare sample 'one flow in 1000000: this one is not' "$u"
no empty targets 'all of them are drained' "$u"
no lost targets 'there is no route' "$u"
no strict oversize 'the copy is larger than the path MTU' "$u len 1500"
no bare oversize 'the copy is larger than an IP packet can be' "$u len 65535"
says 0 '^web: mirrored \(unknown: direction\)$' \
    explain web 'tcp 10.7.0.1:5 > 10.7.0.2:443'
says 0 '^first: mirrored \(unknown: rate-limit\)$' explain first "$u"
says 0 '  -> a \(by turns, 50%\) at 10.0.9.11 port ' explain first "$u"
says 0 '  -> g at 10.0.9.12 port .*, 600 -> 136 bytes, fits, truncated$' \
    explain both "$u len 600"
says 0 '  -> a at .*, 1500 -> 1536 bytes, 2 fragments, path MTU 1500$' \
    explain bare "$u len 1500"
says 0 '^bare: mirrored$' explain bare "$u len 1464"

# All mirrors at once.
says 0 '^strict: mirrored' explain "$u"
says 0 '^off: not mirrored' explain all "$u"

# ---- captures --------------------------------------------------------------

# Copies on the target's side, some of them in fragments, are copies, whether a
# mirror leaves out targets or not.
capture_start target eth0 "$T/large.pcap" 'host 10.0.9.1'
in_ns source "$tools/flowgen" -4 -d 10.0.0.1 -p 10000 -s 20000 -f 1 -n 3 \
    -r 100 -l 1472 >/dev/null
wait_until 5 capture_has "$T/large.pcap" 12 'ip[6:2] & 0x3fff != 0' || :
capture_stop "$T/large.pcap"
says 0 '^#1 udp .*: bare: not mirrored: (copies|exclude-targets): ' \
    explain bare -r "$T/large.pcap"
printf '%s\n' "$said" | grep -q 'not mirrored: copies: it is a copy' ||
	fail "no fragment of a copy: $said"
printf '%s\n' "$said" | grep -v ': not mirrored: ' >"$T/others.log" || :
expect_eq "packets that are no copies" "$(wc -l <"$T/others.log")" 0
says 0 '^\{"protocol":1,"ok":true,"packets":\[\{"flow":"udp 10' \
    -j explain web -r "$T/in.pcap"
says 0 ': not mirrored: direction: out: it goes in, as was said$' \
    explain web -r "$T/in.pcap" in on eth0
expect_eq "lines of a capture" \
    "$(in_ns source "$ctl" explain web -r "$T/in.pcap" | wc -l)" \
    "$(capture_count "$T/in.pcap")"
# A frame of 60 bytes that says it has been 4 GiB long.
{
	printf '\324\303\262\241\002\0\004\0\0\0\0\0\0\0\0\0'
	printf '\377\377\0\0\001\0\0\0'
	printf '\0\0\0\0\0\0\0\0\074\0\0\0\377\377\377\377'
	head -c 60 /dev/zero
} >"$T/lie.pcap"
expect_eq "lines about a frame that lies" \
    "$(in_ns source "$ctl" explain web -r "$T/lie.pcap" | grep -c '^#1 ')" 1
in_ns source "$ctl" explain web -r - <"$T/in.pcap" | diff - "$T/explained.log"
offline -m web -r "$T/in.pcap" 2>"$T/offline.err" |
	diff - "$T/explained.log" || fail "offline and online differ"

# ---- what is refused -------------------------------------------------------

says 2 'quote the flow, or the shell takes it' \
    explain web tcp 10.0.0.14:43210 out
says 2 'xtp.* is no protocol' explain 'xtp 10.0.0.1 > 10.0.0.2'
says 2 'PROTOCOL SOURCE > DESTINATION' explain
says 2 'only tcp, udp and sctp have ports' explain 'icmp 10.0.0.1:1 > 10.0.0.2'
says 2 'missing.pcap: No such file' explain -r "$T/missing.pcap"
echo 'neither pcap nor pcapng, but long enough for one' >"$T/text"
says 2 'unknown file format' explain -r "$T/text"
says 2 'not the arguments of status' status -r "$T/in.pcap"
says 1 'there is no mirror "nope" \(there are: ' explain nope "$u"

# refused REGEX ARG...
refused() {
	regex=$1
	shift
	status=0
	said=$(offline "$@" 2>&1) || status=$?
	expect_eq "exit status of trafmirrord -n --explain $*" "$status" 1
	printf '%s\n' "$said" | grep -Eq -- "$regex" ||
		fail "trafmirrord -n --explain $* says '$said', want '$regex'"
}
refused 'there is no mirror "nope"' -m nope "$u"
refused 'there is no >' tcp 10.0.0.14
refused 'No such file' -r "$T/missing.pcap"
status=0
in_ns source "$top_builddir/trafmirrord" -c "$conf" --explain "$u" \
    2>"$T/usage.err" || status=$?
expect_eq "exit status of --explain without -n" "$status" 1
grep -q -- '--explain goes with -n' "$T/usage.err" || fail "no reason"

# ---- nothing has changed ---------------------------------------------------

counters_get
for mirror in web first both rare off strict bare; do
	counters_add_up "$mirror"
done
expect_eq "collected of rule https" "$(counter web captured_packets)" \
    $((flows + 3))
daemon_stop
