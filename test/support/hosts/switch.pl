# A network of hosts on one machine: a namespace for each host, and between them this program, which hands on every packet, late,
# not at all, or at once, as it is told. Needs Linux, root and /dev/net/tun, and nothing that is not on every Debian.
#
#     perl switch.pl alpha beta ...
#
# Prints one JSON value: each host's address, and the paths under which its namespaces can be entered. Then it takes commands, a
# line each, and answers each with a line:
#
#     link HOST DELAY_MS LOSS CUT    what happens to each packet from and to a host: delayed, lost with this probability, or (1) all lost
#     signal HOST NAME               a signal to every process of a host; answers how many there were
#     connections                    who opened TCP connections to which port: "alpha beta 4222, ..."
#
# When its input ends, however that comes, every process of its hosts is killed; namespaces and devices go with this program.
use strict;
use warnings;
use Fcntl qw(O_RDWR O_NONBLOCK F_SETFL F_GETFL F_SETFD);
use Socket;

my %numbers = (
    x86_64  => { unshare => 272, setns => 308, sethostname => 170, clock => 228 },
    aarch64 => { unshare => 97,  setns => 268, sethostname => 161, clock => 113 },
);
chomp(my $machine = `uname -m`);
my $calls = $numbers{$machine} or die "no system calls are known for $machine\n";
my ($NEWNET, $NEWUTS) = (0x40000000, 0x04000000);
my ($TUNSETIFF, $SET_ADDRESS, $SET_MASK, $GET_FLAGS, $SET_FLAGS, $SET_QUEUE) = (0x400454ca, 0x8916, 0x891c, 0x8913, 0x8914, 0x8943);
my ($IFF_TUN, $IFF_NO_PI, $UP) = (0x0001, 0x1000, 0x1);
# A queue of late packets holds at most so many for each host: what a router would do.
my $most_queued = 20_000;

$| = 1;
$SIG{TERM} = $SIG{INT} = sub { exit 0 };
$SIG{PIPE} = 'IGNORE';

my (@hosts, %by_name, %by_address, %opened);
my @queue;    # [due in ms, host, packet], the earliest first
END { kill_all() if @hosts }

open(my $own_net, '<', '/proc/self/ns/net') or die "/proc/self/ns/net: $!\n";
open(my $own_uts, '<', '/proc/self/ns/uts') or die "/proc/self/ns/uts: $!\n";
make_host($_, scalar(@hosts) + 1) for @ARGV;
for my $home ($own_net, $own_uts) {
    syscall($calls->{setns}, fileno($home), 0) == 0 or die "cannot go back into the first namespace: $!\n";
}
print '[', join(',', map { sprintf '{"name":"%s","address":"%s","net":"/proc/%d/fd/%d","uts":"/proc/%d/fd/%d"}',
    $_->{name}, $_->{ip}, $$, fileno($_->{net}), $$, fileno($_->{uts}) } @hosts), "]\n";

fcntl(STDIN, F_SETFL, fcntl(STDIN, F_GETFL, 0) | O_NONBLOCK);
my $commands = '';
my $readable = '';
vec($readable, fileno($_), 1) = 1 for (*STDIN, map { $_->{tun} } @hosts);
while (1) {
    my $wait = @queue ? ($queue[0][0] - now()) / 1000 : undef;
    my $ready = $readable;
    my $found = select($ready, undef, undef, !defined $wait ? undef : $wait > 0 ? $wait : 0);
    if ($found > 0) {
        for my $host (@hosts) {
            take_packets($host) if vec($ready, fileno($host->{tun}), 1);
        }
        take_commands() if vec($ready, fileno(STDIN), 1);
    }
    next unless @queue;
    my $now = now();
    while (@queue && $queue[0][0] <= $now) {
        my (undef, $to, $packet) = @{ shift @queue };
        $to->{queued}--;
        syswrite($to->{tun}, $packet) unless $to->{cut};
    }
}

# --- Hosts --------------------------------------------------------------------------------------------------------

sub make_host {
    my ($name, $number) = @_;
    syscall($calls->{unshare}, $NEWNET | $NEWUTS) == 0
        or die "cannot make a network namespace ($!): run the tests as root, in a container with the capability SYS_ADMIN\n";
    my $uts_name = $name;
    syscall($calls->{sethostname}, $uts_name, length $uts_name) == 0 or die "sethostname: $!\n";
    sysopen(my $tun, '/dev/net/tun', O_RDWR | O_NONBLOCK)
        or die "cannot open /dev/net/tun ($!): load the kernel's tun module, or start the container with --device /dev/net/tun\n";
    ioctl($tun, $TUNSETIFF, my $asked = pack('a16 s x22', 'link', $IFF_TUN | $IFF_NO_PI))
        or die "cannot make a TUN device ($!): run the tests as root, in a container with the capability NET_ADMIN\n";
    socket(my $socket, AF_INET, SOCK_DGRAM, 0) or die "socket: $!\n";
    my $ip = "10.77.0.$number";
    configure($socket, $SET_ADDRESS, 'link', pack('S n a4 x8', AF_INET, 0, inet_aton($ip)));
    configure($socket, $SET_MASK, 'link', pack('S n a4 x8', AF_INET, 0, inet_aton('255.255.255.0')));
    configure($socket, $SET_QUEUE, 'link', pack('i', 5_000));
    for my $device ('lo', 'link') {
        my $flags = pack('a16 s x22', $device, 0);
        ioctl($socket, $GET_FLAGS, $flags) or die "flags of $device: $!\n";
        configure($socket, $SET_FLAGS, $device, pack('s', unpack('x16 s', $flags) | $UP));
    }
    open(my $net, '<', '/proc/self/ns/net') or die "/proc/self/ns/net: $!\n";
    open(my $uts, '<', '/proc/self/ns/uts') or die "/proc/self/ns/uts: $!\n";
    my $host = { name => $name, ip => $ip, tun => $tun, net => $net, uts => $uts, id => readlink('/proc/self/ns/net'),
        delay => 0, loss => 0, cut => 0, queued => 0 };
    push @hosts, $host;
    $by_name{$name} = $host;
    $by_address{ inet_aton($ip) } = $host;
}

sub configure {
    my ($socket, $what, $device, $value) = @_;
    my $request = pack('a16 a24', $device, $value);
    ioctl($socket, $what, $request) or die sprintf("ioctl %x of %s: %s\n", $what, $device, $!);
}

# --- Packets ------------------------------------------------------------------------------------------------------

sub take_packets {
    my ($from) = @_;
    # A few at a time, so that no host keeps the others waiting.
    for (1 .. 64) {
        my $length = sysread($from->{tun}, my $packet, 65_536);
        return unless $length;
        next unless $length >= 20 && (ord($packet) >> 4) == 4;
        my $to = $by_address{ substr($packet, 16, 4) } or next;
        note_connection($from, $to, \$packet) if ord(substr($packet, 9, 1)) == 6;
        next if $from->{cut} || $to->{cut};
        next if $from->{loss} && rand() < $from->{loss};
        next if $to->{loss} && rand() < $to->{loss};
        my $delay = $from->{delay} + $to->{delay};
        if   ($delay > 0 || $to->{queued} > 0) { later($to, $packet, now() + $delay) }
        else                                   { syswrite($to->{tun}, $packet) }
    }
}

sub later {
    my ($to, $packet, $due) = @_;
    return if $to->{queued} >= $most_queued;
    $to->{queued}++;
    my $place = @queue;
    $place-- while $place > 0 && $queue[ $place - 1 ][0] > $due;
    splice @queue, $place, 0, [ $due, $to, $packet ];
}

sub note_connection {
    my ($from, $to, $packet) = @_;
    my $header = (ord($$packet) & 15) * 4;
    return if length($$packet) < $header + 20;
    my ($port, $flags) = unpack("x$header x2 n x9 C", $$packet);
    $opened{"$from->{name} $to->{name} $port"} = 1 if ($flags & 0x12) == 0x02;
}

# --- Commands -----------------------------------------------------------------------------------------------------

sub take_commands {
    my $length = sysread(STDIN, $commands, 65_536, length $commands);
    exit 0 if defined $length && $length == 0;
    while ($commands =~ s/^([^\n]*)\n//) {
        print obey(split ' ', $1), "\n";
    }
}

sub obey {
    my ($command, $name, @given) = @_;
    return join ', ', sort keys %opened if $command eq 'connections';
    my $host = $by_name{$name} or return "no host $name";
    if ($command eq 'link') {
        @$host{qw(delay loss cut)} = @given;
        return 'done';
    }
    return scalar kill $given[0], processes_of($host) if $command eq 'signal';
    return "no command $command";
}

sub processes_of {
    my %ids = map { $_->{id} => 1 } @_;
    opendir(my $proc, '/proc') or die "/proc: $!\n";
    return grep { my $id = readlink("/proc/$_/ns/net"); defined $id && $ids{$id} && $_ != $$ } grep { /^\d+$/ } readdir $proc;
}

sub kill_all {
    # One that is being started may appear while we look.
    for (1 .. 100) {
        my @left = processes_of(@hosts) or last;
        kill 'KILL', @left;
        select(undef, undef, undef, 0.01);
    }
}

sub now {
    my $time = pack('q q', 0, 0);
    syscall($calls->{clock}, 1, $time);
    my ($seconds, $nanoseconds) = unpack('q q', $time);
    return $seconds * 1000 + $nanoseconds / 1e6;
}
