#!/bin/sh
# SPDX-License-Identifier: ISC
# Targets with names: places share a target's flows, and follow the answers of
# a real name server as they change, fail and come back.
. "$(dirname "$0")/lib.sh"

command -v dnsmasq >/dev/null || skip "dnsmasq is not installed"
for file in /etc/resolv.conf /etc/hosts; do
	[ -e "$file" ] || skip "no $file to mount another one on"
done

flows=4000
ttl=2
# From a change of the server's to the daemon's: the TTL, the look-up, and what
# a loaded machine takes; where there was no answer before, the pause between
# two questions instead of the TTL.
bound=$((ttl + 5))
bound_first=20
conf=$T/trafmirrord.conf
hosts=$T/hosts
srv=$T/srv.conf

ns_new client source target
link client eth0 10.0.0.1/24 source eth0 10.0.0.14/24
link source eth1 10.0.9.1/24,fd00:9::1/64 target eth0 \
    10.0.9.11/24,10.0.9.12/24,10.0.9.13/24,fd00:9::14/64

echo 'nameserver 127.0.0.1' >"$T/resolv"
mount --bind "$T/resolv" /etc/resolv.conf
echo '10.0.9.13 file.test' >"$T/etc-hosts"
mount --bind "$T/etc-hosts" /etc/hosts

# records [ADDRESS...]: what sensors.example is from now on
records() {
	: >"$hosts"
	for address; do
		echo "$address sensors.example"
	done >>"$hosts"
	cat >>"$hosts" <<END
10.0.9.11 one.example
10.0.9.12 two.example
10.0.9.13 spare.example
END
}

dns_start() {
	: >"$T/dnsmasq.log"
	ip netns exec source dnsmasq --keep-in-foreground --user=root \
	    --conf-file="$srv" --no-resolv --no-hosts --addn-hosts="$hosts" \
	    --local=/example/ --local-ttl=$ttl --listen-address=127.0.0.1 \
	    --bind-interfaces --pid-file --log-facility=- \
	    2>"$T/dnsmasq.log" &
	dns_pid=$!
	wait_until 10 grep -q 'read .*hosts' "$T/dnsmasq.log" ||
		error "dnsmasq does not start"
}

dns_stop() {
	kill -TERM "$dns_pid"
	wait "$dns_pid" || :
}

now_ms() {
	date +%s%3N
}

# change WHAT SECONDS REGEX ADDRESS...: new records, and the time until the log
# says so, at most so long
change() {
	change_what=$1
	change_most=$2
	change_line=$3
	shift 3
	log_mark
	records "$@"
	kill -HUP "$dns_pid"
	change_from=$(now_ms)
	log_wait 30 "$change_line"
	change_ms=$(($(now_ms) - change_from))
	echo "$change_what: followed in $change_ms ms, TTL $ttl s"
	[ "$change_ms" -le $((1000 * change_most)) ] ||
		fail "$change_what took $change_ms ms, at most $change_most s"
}

send() {
	expect_eq "sent" "$(in_ns source "$tools/flowgen" -4 -d 10.0.0.1 \
	    -p 20000 -s 10000 -f "$flows" -n "$flows" -r 20000)" "$flows"
}

# A copy is two lines of tcpdump's, the outer header first.
map_flows() {
	capture_show "$1" | awk '
	    $2 ~ /^IP6?$/ { target = $5; sub(/\.4789:$/, "", target); next }
	    { print $2, $4, target }' | sort -u
}

# measure NAME: traffic, and where the copies went: $T/NAME.map
measure() {
	capture_start target eth0 "$T/$1.pcap" 'udp port 4789'
	send
	wait_until 10 capture_has "$T/$1.pcap" "$flows" || :
	capture_stop "$T/$1.pcap"
	map_flows "$T/$1.pcap" >"$T/$1.map"
	expect_eq "flows in $1" "$(wc -l <"$T/$1.map")" "$flows"
}

count() {
	grep -c " $2\$" "$T/$1.map" || :
}

# about WHAT GOT WANT: within 10 %
about() {
	if [ $((100 * $2)) -lt $((90 * $3)) ] ||
	    [ $((100 * $2)) -gt $((110 * $3)) ]; then
		fail "$1: $2 flows, want about $3"
	fi
	echo "$1: $2 flows of about $3"
}

same_map() {
	cmp -s "$T/$1.map" "$T/$2.map" || fail "flows of $1 and $2 differ"
}

cat >"$conf" <<END
user = root
target pool { address = sensors.example }
mirror demo {
	sources = { eth0 }
	targets = { pool }
	rule udp { protocol = udp }
}
END

# ---- not there yet -----------------------------------------------------------

: >"$srv"
records
dns_start
# A name server that hears, and says nothing.
kill -STOP "$dns_pid"
in_ns source "$top_builddir/trafmirrord" -n -c "$conf" >"$T/check.log" 2>&1 ||
	fail "the check needs a name server"
reload_early() {
	wait_until 5 test -s "$T/daemon.pid" || fail "no pid file"
	kill -HUP "$(cat "$T/daemon.pid")"
}
reload_early &
early_pid=$!
start_from=$(now_ms)
daemon_start source "$conf"
start_ms=$(($(now_ms) - start_from))
wait "$early_pid" || fail "no reload during the start"
log_wait 10 'reload: done'
echo "start without an answer: ready in $start_ms ms"
[ "$start_ms" -le 8000 ] || fail "the start waited $start_ms ms for an answer"
log_says 'warning: dns: sensors.example: no answer yet: its targets get nothing' ||
	fail "nothing said of a name without an answer"
capture_start client eth0 "$T/sent.pcap" udp
send
wait_until 10 capture_has "$T/sent.pcap" "$flows" || :
capture_stop "$T/sent.pcap"
counters_get
expect_eq "state" "$(counter demo state target pool)" unresolved
expect_eq "dropped" "$(counter demo dropped_no-target)" "$flows"
counters_add_up demo

# ---- places share ------------------------------------------------------------

kill -CONT "$dns_pid"
change "first answer" "$bound_first" 'event=dns-changed .*places=4 old=none' \
    10.0.9.11 10.0.9.12 10.0.9.13 fd00:9::14
measure all
for place in 10.0.9.11 10.0.9.12 10.0.9.13 fd00:9::14; do
	about "$place" "$(count all "$place")" $((flows / 4))
done

in_ns source "$top_builddir/trafmirrord" -c "$conf" -m demo \
    -r "$T/sent.pcap" >"$T/feed.log" 2>&1 || fail "-r: copies are lost"
grep -q " copied_packets=$flows " "$T/feed.log" ||
	fail "-r: not all packets are copied"

# ---- one leaves and comes back -------------------------------------------------

change "record removed" "$bound" \
    'places=3 old=10.0.9.11,10.0.9.12,10.0.9.13,fd00:9::14 new=10.0.9.11,10.0.9.13,fd00:9::14$' \
    fd00:9::14 10.0.9.13 10.0.9.11
measure less
expect_eq "flows of the place that left" "$(count less 10.0.9.12)" 0
strays=$(grep -v ' 10\.0\.9\.12$' "$T/all.map" |
	comm -23 - "$T/less.map" | wc -l)
expect_eq "flows moved of places that stayed" "$strays" 0
echo "moved: $(comm -23 "$T/all.map" "$T/less.map" | wc -l) of $flows flows," \
    "those of the place that left"
change "record added" "$bound" 'places=4 .*new=10.0.9.11,10.0.9.12,' \
    10.0.9.12 10.0.9.11 fd00:9::14 10.0.9.13
measure again
same_map all again

# ---- the server dies -----------------------------------------------------------

log_mark
dns_stop
log_wait 20 'warning: dns: sensors.example: .*the last good answer stays .*places=4'
daemon_reload
log_says 'reload: done' || fail "no reload without a name server"
measure kept
same_map all kept
expect_eq "warnings" "$(grep -c 'the last good answer stays' "$daemon_log")" 1
log_mark
dns_start
log_wait 90 'dns: sensors.example: answers again'
counters_get
expect_eq "copied in all" "$(counter demo copied_packets)" $((4 * flows))
expect_eq "copied to the target" \
    "$(counter demo copied_packets target pool)" $((4 * flows))
counters_add_up demo

# ---- services --------------------------------------------------------------------

dns_stop
cat >"$srv" <<END
srv-host=_vxlan._udp.ids.example,one.example,5001,0,1
srv-host=_vxlan._udp.ids.example,two.example,5002,0,3
srv-host=_vxlan._udp.ids.example,spare.example,5003,10,1
END
dns_start
sed -i 's/= sensors.example/= _vxlan._udp.ids.example/' "$conf"
log_mark
daemon_reload
log_wait 10 'new=10.0.9.11:5001\*1,10.0.9.12:5002\*3$'
capture_start target eth0 "$T/srv.pcap" 'udp dst portrange 5001-5003'
send
wait_until 10 capture_has "$T/srv.pcap" "$flows" || :
capture_stop "$T/srv.pcap"
about "SRV weight 1" "$(capture_count "$T/srv.pcap" \
    'dst host 10.0.9.11 and udp dst port 5001')" $((flows / 4))
about "SRV weight 3" "$(capture_count "$T/srv.pcap" \
    'dst host 10.0.9.12 and udp dst port 5002')" $((flows * 3 / 4))
expect_eq "copies" "$(capture_count "$T/srv.pcap")" "$flows"

# ---- one kind of address that nobody tells ---------------------------------------

# What is not of "example" it knows, or refuses.
dns_stop
cat >"$srv" <<END
host-record=four.test,10.0.9.11
host-record=both.test,10.0.9.12,fd00:9::14
END
dns_start
cat >"$conf" <<END
user = root
target four { address = four.test }
target both { address = both.test }
target file { address = file.test }
mirror demo {
	sources = { eth0 }
	targets = { four, both, file }
	rule udp { protocol = udp }
}
END
log_mark
daemon_reload
log_wait 20 'dns: four.test: .* new=10.0.9.11$'
log_wait 20 'dns: both.test: .* new=10.0.9.12,fd00:9::14$'
log_wait 20 'dns: file.test: .* new=10.0.9.13$'
dns_stop
echo 'host-record=both.test,10.0.9.12' >"$srv"
dns_start
log_wait 60 'warning: dns: both.test: AAAA: .*the last good answer stays .*places=2$'
daemon_stop
counters_add_up demo
kill -TERM "$dns_pid"
