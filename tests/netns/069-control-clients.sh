#!/bin/sh
# SPDX-License-Identifier: ISC
# Clients that flood, stall, send garbage, too much, or nothing: each gets a
# clear answer, and not a copy is lost meanwhile.
. "$(dirname "$0")/lib.sh"

command -v perl >/dev/null || skip "perl is not installed"
conf=$T/trafmirrord.conf
sock=/run/trafmirrord/control.sock
packets=30000
requests=1500

ns_new client source target
link client eth0 10.0.0.1/24 source eth0 10.0.0.14/24
link source eth1 10.0.9.1/24 target eth0 10.0.9.11/24
cat >"$conf" <<END
user = root
target a { address = 10.0.9.11 }
mirror demo { sources = { eth0 } direction = out targets = { a } }
END

# client BODY [ARG...]: perl with a connected socket S; what it prints counts
client() {
	client_body=$1
	shift
	perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0) && connect(S,
	    sockaddr_un("'"$sock"'")) || die "connect: $!";
	    S->autoflush(1); $SIG{PIPE} = "IGNORE"; $SIG{ALRM} = sub { die "late" };
	    alarm 60; '"$client_body" "$@" 2>>"$T/client.err"
}

# answers REGEX BODY
answers() {
	said=$(client "$2") || :
	printf '%s\n' "$said" | grep -Eq -- "$1" ||
		fail "a client that does '$2' gets '$said', want '$1'"
}

daemon_start source "$conf"

# ---- one by one ------------------------------------------------------------

answers '"ok":true.*"pid":' 'print S "{\"command\":\"ping\"}\n"; print <S>;'
answers '"ok":true' 'print S "{\"command\":\"ping\"}"; shutdown(S, 1);
    print <S>;'
answers 'a request is a JSON object' 'print S "GET / HTTP/1.0\r\n"; print <S>;'
answers 'a request is a JSON object' 'print S "\0\1\2\377\n"; print <S>;'
answers 'a request is a JSON object' 'print S "[" x 60000, "\n"; print <S>;'
answers 'a request is a JSON object' 'print S "\n"; print <S>;'
answers 'there is no command \\"x\\" \(there are: ping' \
    'print S "{\"command\":\"x\"}\n"; print <S>;'
answers '"command\\" is missing' 'print S "{}\n"; print <S>;'
answers 'ping does not take \\"x\\"' \
    'print S "{\"command\":\"ping\",\"x\":1}\n"; print <S>;'
answers 'protocol 1 only' \
    'print S "{\"command\":\"ping\",\"protocol\":2}\n"; print <S>;'
answers 'has to be a name' \
    'print S "{\"command\":\"enable\",\"mirror\":7}\n"; print <S>;'
answers 'longer than 65536 bytes' 'print S "x" x 1000000; print <S>;'
answers '^5$' 'print S "{\"command\":\"ping\"}\n" x 5; shutdown(S, 1);
    @l = <S>; print scalar @l;'
# Each gets its answer, also if all have asked at once.
answers '^8 answers' 'kill STOP => '"$daemon_pid"'; $SIG{ALRM} = sub {
    kill CONT => '"$daemon_pid"'; die "not all are answered" }; alarm 10;
    for (1..8) { socket($s[$_], AF_UNIX, SOCK_STREAM, 0) && connect($s[$_],
    sockaddr_un("'"$sock"'")) || die "connect: $!"; $s[$_]->autoflush(1); }
    kill CONT => '"$daemon_pid"'; print {$s[1]} "{\"command\":\"ping\"}\n";
    $h = $s[1]; <$h>; kill STOP => '"$daemon_pid"';
    print {$s[$_]} "{\"command\":\"ping\"}\n" for 1..8;
    kill CONT => '"$daemon_pid"';
    for (1..8) { $h = $s[$_]; $n++ if <$h> =~ /"ok":true/; }
    print "$n answers";'
for i in 1 2 3 4 5 6 7 8 9 10; do
	client 'close(S);'
	client 'print S "{\"command\":\"status\"}\n"; close(S);'
	client 'print S "{\"comm"; close(S);'
done

# ---- all of them, under traffic --------------------------------------------

# Sixteen stay; the next one is told.
client 'for (1..15) { socket($s[$_], AF_UNIX, SOCK_STREAM, 0) && connect($s[$_],
    sockaddr_un("'"$sock"'")) || die "connect: $!"; }
    print S "{\"command\":\"ping\"}\n"; print scalar <S>; $| = 1;
    print "in\n"; select(undef, undef, undef, 0.05) until -e $ARGV[0];' \
    "$T/enough" >"$T/many" &
many=$!
many_are_in() {
	grep -q '^in$' "$T/many"
}
wait_until 10 many_are_in || error "16 clients do not get in"
answers 'too many clients' 'print <S>;'
: >"$T/enough"
wait "$many" || fail "16 clients: see client.err"

capture_start target eth0 "$T/copies.pcap" 'udp port 4789'
in_ns source "$tools/flowgen" -4 -d 10.0.0.1 -f 1000 -n "$packets" -r 15000 \
    >"$T/sent" &
generator=$!
client 'sleep 60;' &
stalls=$!
client 'print S "{\"comm"; sleep 60;' &
begins=$!
client 'print S "{\"command\":\"status\"}\n" while 1;' &
deaf=$!
client 'for (1..'"$requests"') { print S "{\"command\":\"status\"}\n";
    $n++ if <S> =~ /"ok":true/; } print "$n\n";' >"$T/answered" &
asks=$!
wait "$generator"
wait "$asks"
kill "$stalls" "$begins" "$deaf"
expect_eq "answers" "$(cat "$T/answered")" "$requests"
wait_until 10 capture_has "$T/copies.pcap" "$packets" || :
capture_stop "$T/copies.pcap"
expect_eq "copies" "$(capture_count "$T/copies.pcap")" "$packets"
echo "$packets of $packets copies while a client asked $requests times," \
    "one flooded and two stalled"
daemon_counters >"$T/counters"
expect_eq "lost in the ring" "$(counter demo ring_dropped_packets)" 0
daemon_stop
