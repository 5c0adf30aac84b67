#!/bin/sh
# SPDX-License-Identifier: ISC
# Figures for Prometheus: promtool finds no fault, a Prometheus reads them, and
# clients that stall or send garbage cost neither a copy nor an answer.
. "$(dirname "$0")/lib.sh"

for tool in perl prometheus promtool socat; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done
conf=$T/trafmirrord.conf
ctl=$top_builddir/trafmirrorctl
packets=30000

ns_new client source target
link client eth0 10.0.0.1/24 source eth0 10.0.0.14/24
link source eth1 10.0.9.1/24 target eth0 10.0.9.11/24

# write LISTEN [MORE]
write() {
	cat >"$conf" <<END
user = root
metrics-listen = "$1"
target a { address = 10.0.9.11 }
target out { address = 10.0.9.12  weight = 0 }
mirror demo {
	sources   = { eth0, absent0 }
	direction = out
	targets   = { a, out }
	rule "<udp> \"quoted\"" { protocol = udp }
}
mirror hop { sources = { eth0 } targets = { a } session-id = 4
    next-hop = { 10.0.0.1, 10.0.0.99 } rule none { protocol = 99 } }
mirror off { sources = { eth0 } targets = { a } collect = false session-id = 2 }
${2-}
END
}

# client BODY [ARG...]: perl in source, with S connected to the daemon, and dial
# for more such sockets
client() {
	client_body=$1
	shift
	in_ns source perl -MSocket -e 'sub dial { my $s; socket($s, AF_INET,
	    SOCK_STREAM, 0) && connect($s, sockaddr_in(9842,
	    inet_aton("127.0.0.1"))) || die "connect: $!\n"; $s->autoflush(1);
	    $s }
	    $| = 1; $SIG{PIPE} = "IGNORE"; $SIG{ALRM} = sub { die "late\n" };
	    alarm 60; *S = dial(); '"$client_body" "$@"
}

# ask METHOD PATH ENDPOINT
ask() {
	printf '%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' \
	    "$1" "$2" |
	    in_ns source socat -t 10 - "TCP:$3,shut-none"
}

# get PATH [ENDPOINT [METHOD]]: the answer in $T/answer, without its headers in
# $T/page
get() {
	ask "${3:-GET}" "$1" "${2:-127.0.0.1:9842}" >"$T/answer" \
	    2>"$T/client.err" || return 1
	sed '1,/^.$/d' "$T/answer" >"$T/page"
}

# expect_get STATUS PATH [ENDPOINT [METHOD]]
expect_get() {
	want=$1
	shift
	get "$@" || fail "no answer to $*: $(cat "$T/client.err")"
	expect_eq "status of $*" "$(cut -d ' ' -f 2 "$T/answer" | head -n 1)" \
	    "$want"
}

# sample SERIES: its value in the page
sample() {
	grep -v "^#" "$T/page" | grep -F "$1 " | sed 's/.* //'
}

# send N
send() {
	in_ns source "$tools/flowgen" -4 -d 10.0.0.1 -f 500 -n "$1" -r 15000 \
	    >/dev/null
}

# ---- pages -----------------------------------------------------------------

write 127.0.0.1:9842
daemon_start source "$conf"
send 6000
expect_get 200 /metrics
grep -q '^Content-Type: text/plain; version=0.0.4' "$T/answer" ||
	fail "/metrics is of another type"
promtool check metrics <"$T/page" >"$T/promtool.log" 2>&1 ||
	fail "promtool complains of /metrics"
expect_eq "promtool's remarks" "$(cat "$T/promtool.log")" ''
sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' "$T/page" | sort >"$T/given"
sed -n '/^\.Sh METRICS/,/^\.Sh FILES/p' "$top_builddir/man/trafmirrord.8" |
	grep -Eo '\<(trafmirrord|process)_[a-z_]+' | sort -u >"$T/explained"
diff "$T/given" "$T/explained" >"$T/names.log" ||
	fail "trafmirrord(8) explains others than there are"
copied_by_now() {
	get /metrics
	[ "$(sample 'trafmirrord_copied_packets_total{mirror="demo",target="a"}')" \
	    = 6000 ]
}
wait_until 5 copied_by_now || fail "6000 copies are not in /metrics"
while read -r want series; do
	expect_eq "$series" "$(sample "$series")" "$want"
done <<'END'
1 trafmirrord_config_generation
1 trafmirrord_config_last_reload_success
1 trafmirrord_mirror_collecting{mirror="demo"}
0 trafmirrord_mirror_collecting{mirror="off"}
0 trafmirrord_mirror_enabled{mirror="off"}
1 trafmirrord_mirror_state{mirror="off",state="disabled"}
0 trafmirrord_mirror_state{mirror="off",state="waiting"}
6000 trafmirrord_captured_packets_total{mirror="demo",interface="eth0"}
1 trafmirrord_source_up{mirror="demo",interface="eth0"}
0 trafmirrord_source_up{mirror="demo",interface="absent0"}
1 trafmirrord_next_hop_resolved{mirror="hop",interface="eth0",next_hop="10.0.0.1"}
0 trafmirrord_next_hop_resolved{mirror="hop",interface="eth0",next_hop="10.0.0.99"}
1 trafmirrord_target_up{target="a"}
0 trafmirrord_target_up{target="out"}
1 trafmirrord_target_drained{target="out"}
1 trafmirrord_target_share_ratio{mirror="demo",target="a"}
0 trafmirrord_dropped_packets_total{mirror="demo",reason="send-error"}
6000 trafmirrord_rule_matched_packets_total{mirror="demo",rule="<udp> \"quoted\""}
6000 trafmirrord_copy_delay_seconds_count{mirror="demo"}
6000 trafmirrord_copy_delay_seconds_bucket{mirror="demo",le="+Inf"}
END
expect_eq "start of the process" \
    "$(($(sample process_start_time_seconds) <= $(date +%s) &&
        $(sample process_start_time_seconds) >= $(date +%s) - 60))" 1
expect_get 200 /
grep -q '<td>demo</td><td>collecting</td><td>6000</td><td>6000</td>' \
    "$T/page" || fail "the page lacks the mirror"
expect_get 200 /healthz
expect_eq "/healthz" "$(cat "$T/page")" ok
expect_get 200 '/metrics?name=x' 127.0.0.1:9842 HEAD
expect_eq "what comes after HEAD" "$(cat "$T/page")" ''
expect_get 404 /nothing
expect_get 404 //metrics
expect_get 405 /metrics 127.0.0.1:9842 DELETE
expect_get 405 /metrics 127.0.0.1:9842 POST
grep -q '^Allow: GET, HEAD' "$T/answer" || fail "405 without Allow"
"$ctl" metrics >"$T/page"
promtool check metrics <"$T/page" || fail "promtool complains of trafmirrorctl"
expect_eq "copies" \
    "$(sample 'trafmirrord_copied_packets_total{mirror="demo",target="a"}')" \
    6000
! grep -q process_ "$T/page" ||
	fail "trafmirrorctl metrics has names that the node exporter has"
"$ctl" -j metrics | grep -q '"ok":true,"metrics":"# HELP' ||
	fail "trafmirrorctl -j metrics is something else"

# ---- what is no request ----------------------------------------------------

# The answer, or none, does not matter, but that it comes to an end does: for the
# first two after ten seconds.
client 'print S "\0\1\2\377" x 100, "\r\n\r\n"; 1 while <S>; print "end";' \
    >"$T/binary" &
binary=$!
client 'print S "GET / HTTP/1.1\r\nHo"; 1 while <S>; print "end";' \
    >"$T/half" &
half=$!
client 'for my $request ("GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\r\n" x 9 . "x y\r\n\r\n",
    "GET /" . "x" x 100000 . " HTTP/1.1\r\n\r\n", "x" x 1000000,
    "GET / HTTP/1.1\r\n" . "a: b\r\n" x 100000 . "\r\n",
    "GET / HTTP/1.1\r\nHost: " . "x" x 100000 . "\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n" .
        "x" x 100000, "{\"command\":\"ping\"}\n\r\n") {
	my $s = dial();
	print $s $request;
	1 while <$s>;
    }
    close(S); print "end"' >"$T/nonsense" || fail "it is not cut off"
expect_eq "all of it" "$(cat "$T/nonsense")" end
expect_get 200 /healthz

# ---- clients that stall, under traffic -------------------------------------

capture_start target eth0 "$T/copies.pcap" 'udp port 4789'
client 'for (1..99) { push @s, dial();
    print {$s[-1]} "GET /metrics HTTP/1.1\r\nHo" if $_ % 2; }
    print "in\n"; sleep 1 until -e $ARGV[0];' "$T/enough" >"$T/many" &
many=$!
# It asks again and again, and reads nothing.
client 'until (-e $ARGV[0]) { push @s, dial(); print {$s[-1]}
    "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"; shift @s if @s > 50;
    select(undef, undef, undef, 0.01); }' "$T/enough" &
deaf=$!
many_are_in() {
	grep -q '^in$' "$T/many"
}
wait_until 10 many_are_in || error "100 clients do not get in"
send "$packets" &
generator=$!
client 'use Time::HiRes "time"; for (1..20) { my $t = time;
    my $s = dial(); print $s "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
    my $n = grep { /^trafmirrord_/ } <$s>; $t = time - $t;
    $most = $t if $t > $most; die "no answer\n" if $n < 50; }
    printf "%d\n", $most * 1000;' >"$T/most" || fail "a good client gets nothing"
most=$(cat "$T/most")
[ "$most" -lt 2000 ] || fail "a good client waits $most ms"
wait "$generator"
: >"$T/enough"
wait "$many" "$deaf"
wait_until 10 capture_has "$T/copies.pcap" "$packets" || :
capture_stop "$T/copies.pcap"
expect_eq "copies" "$(capture_count "$T/copies.pcap")" "$packets"
counters_get
expect_eq "lost in the ring" "$(counter demo ring_dropped_packets)" 0
echo "$packets of $packets copies while 100 clients stalled; another one" \
    "waited $most ms at most"

wait "$binary" "$half"
expect_eq "what stalls" "$(cat "$T/binary" "$T/half")" endend

# ---- a real Prometheus -----------------------------------------------------

cat >"$T/prometheus.yml" <<END
global: { scrape_interval: 1s }
rule_files: [ "$top_srcdir/contrib/prometheus/trafmirrord.rules.yml" ]
scrape_configs:
  - job_name: trafmirrord
    static_configs: [ targets: [ "127.0.0.1:9842" ] ]
END
in_ns source env GOMAXPROCS=1 prometheus --config.file="$T/prometheus.yml" \
    --storage.tsdb.path="$T/prometheus" --web.listen-address=127.0.0.1:9090 \
    --log.level=warn >"$T/prometheus.log" 2>&1 &
prometheus=$!
# query EXPRESSION, encoded
query() {
	ask GET "/api/v1/query?query=$1" 127.0.0.1:9090 2>/dev/null |
	    sed -n 's/.*"value":\[[0-9.]*,"\([^"]*\)".*/\1/p'
}
has_scraped() {
	! ended "$prometheus" || error "Prometheus does not run"
	[ "$(query 'sum(trafmirrord_copied_packets_total)')" = "$1" ]
}
wait_until 20 has_scraped $((6000 + packets)) ||
	fail "Prometheus does not have the $((6000 + packets)) copies"
expect_eq "copies, as trafmirrorctl has them" "$("$ctl" -j status demo |
    sed 's/.*"name":"a"[^}]*"copied_packets":\([0-9]*\).*/\1/')" \
    $((6000 + packets))
expect_eq "targets that are up" "$(query 'sum(trafmirrord_target_up)')" 1
expect_eq "the mirror by its rule" \
    "$(query 'sum(trafmirrord_rule_matched_packets_total%7Bmirror=%22demo%22%7D)')" \
    $((6000 + packets))
kill "$prometheus"
wait "$prometheus" || :

# ---- reload ----------------------------------------------------------------

reloads() {
	write "$1" "${3-}"
	daemon_reload
	log_says "reload: $2" || fail "the reload is not $2"
}

reloads 127.0.0.1:9843 'done'
expect_get 200 /healthz 127.0.0.1:9843
! get /healthz || fail "it listens at the old port as well"
reloads '[::1]:9843' 'done'
expect_get 200 /healthz [::1]:9843
reloads '[::]:9843' 'done'
log_says 'metrics-listen: other hosts can reach' || fail "no warning"
expect_get 200 /healthz 127.0.0.1:9843
expect_get 200 /healthz [::1]:9843
reloads 0.0.0.0:9843 'done'
expect_get 200 /healthz 10.0.9.1:9843
# Neither where something listens, nor at an address that is not there; nor if
# something else is wrong.
in_ns source socat TCP-LISTEN:9844,bind=127.0.0.1,fork SYSTEM:true &
other=$!
taken() {
	get / 127.0.0.1:9844
}
wait_until 5 taken || error "socat does not listen"
reloads 127.0.0.1:9844 failed
log_says 'metrics-listen = 127.0.0.1:9844: .* another process listens' ||
	fail "it does not say what is wrong"
expect_get 200 /metrics 127.0.0.1:9843
expect_eq "success of the reload" \
    "$(sample trafmirrord_config_last_reload_success)" 0
expect_get 200 / 127.0.0.1:9843
grep -q 'the last reload failed' "$T/page" || fail "the page does not say so"
reloads 10.9.9.9:9843 failed
log_says 'metrics-listen = 10.9.9.9:9843: .*: no interface here' ||
	fail "it does not say what is wrong"
expect_get 200 /healthz 127.0.0.1:9843
reloads 127.0.0.1:9845 failed 'target x { address = 10.0.9.13 interface = no0 }
    mirror x { sources = { eth0 } targets = { x } session-id = 3 }'
expect_get 200 /healthz 127.0.0.1:9843
kill "$other"
reloads '' 'done'
! get /healthz 127.0.0.1:9843 || fail "it listens though it is off"
reloads 127.0.0.1:9842 'done'
expect_get 200 /metrics
expect_eq "success of the reload" \
    "$(sample trafmirrord_config_last_reload_success)" 1

# ---- two daemons -----------------------------------------------------------

sed 's|^user|control-socket = "" state-dir = /var/lib/other user|' "$conf" \
    >"$T/second.conf"
status=0
said=$(ip netns exec source "$top_builddir/trafmirrord" -F \
    -c "$T/second.conf" 2>&1) || status=$?
expect_eq "exit status of a second daemon" "$status" 1
echo "$said" | grep -q 'metrics-listen = 127.0.0.1:9842: .*another trafmi' ||
	fail "the second daemon says '$said'"
expect_get 200 /healthz
daemon_stop
! get /healthz || fail "something listens after its end"
