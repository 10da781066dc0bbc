#!/usr/bin/perl
# Tells what arrives at the interface $ARGV[0], where the server's packets to the outside end: a line for each of the first 1,000,
# as `tcp 1.1.1.1:443` or `udp 192.0.2.1:53 look-up of example.org`.
use strict;
use warnings;
$| = 1;

my $all = unpack 'S', pack 'n', 3;    # ETH_P_ALL, in the network's order
my ($packet_family, $raw) = (17, 3);  # AF_PACKET, SOCK_RAW
my $index_of = 0x8933;                # SIOCGIFINDEX
socket my $socket, $packet_family, $raw, $all or die "no packet socket: $!\n";
my $interface = pack 'a16 x24', $ARGV[0];
ioctl $socket, $index_of, $interface or die "no interface $ARGV[0]: $!\n";
my (undef, $index) = unpack 'a16 i', $interface;
bind $socket, pack 'S S l S C C a8', $packet_family, $all, $index, 0, 0, 0, '' or die "no bind: $!\n";
print "watching\n";

for (1 .. 1000) {
  last unless defined recv $socket, my $packet, 2048, 0;
  print kind_of($packet), "\n";
}

sub kind_of {
  my ($packet) = @_;
  return 'a packet of another protocol' if length $packet < 38 || unpack('n', substr $packet, 12, 2) != 0x0800;
  my $head = (ord(substr $packet, 14, 1) & 15) * 4;
  my $protocol = ord substr $packet, 23, 1;
  my $address = join '.', unpack 'C4', substr $packet, 30, 4;
  my $name = { 6 => 'tcp', 17 => 'udp' }->{$protocol} or return "protocol $protocol to $address";
  my $port = unpack 'n', substr $packet, 16 + $head, 2;
  my $asked = $port == 53 && $name eq 'udp' ? name_in(substr $packet, 14 + $head + 8 + 12) : '';
  return "$name $address:$port" . ($asked eq '' ? '' : " look-up of $asked");
}

# The name of a question as DNS writes it: parts with their lengths before them.
sub name_in {
  my ($question) = @_;
  my @parts;
  while (length $question) {
    my $length = ord substr $question, 0, 1;
    last if $length == 0 || $length > 63 || $length >= length $question;
    push @parts, substr $question, 1, $length;
    $question = substr $question, $length + 1;
  }
  my $name = join '.', @parts;
  $name =~ tr/A-Za-z0-9._-/?/c;
  return $name;
}
