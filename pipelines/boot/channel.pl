# The harness's end of one connection that carries all others (pipelines/boot/channel.ts is this machine's end).
#   $1      socket file on which the connection arrives
#   $2      address of the server, HOST:PORT
#   $3      socket file that takes orders
# A frame is a letter, the number of a stream and the length of what follows (32 bits each, big endian):
# h(ello), o(pen, what follows is `server` or `orders`), d(ata), e(nd of what this side sends), r(eset).
use strict;
use warnings;
use Errno qw(EAGAIN EINTR);
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use Socket qw(IPPROTO_TCP TCP_NODELAY);

my ($arrival, $server, $orders) = @ARGV;
my $piece = 65536;
# What waits for the reader of the one connection before no server is read any more.
my $waiting = 4 * 1024 * 1024;
$SIG{PIPE} = $SIG{CHLD} = 'IGNORE';

my $listener = IO::Socket::UNIX->new(Local => $arrival, Listen => 16) or die "cannot listen on $arrival: $!\n";
while (1) {
  my $link = $listener->accept or next;
  next if fork;
  close $listener;
  serve($link);
  exit 0;
}

sub serve {
  my ($link) = @_;
  my ($in, $out, %streams) = ('', frame('h', 0, ''));
  $link->blocking(0);
  while (1) {
    my $readers = IO::Select->new($link);
    my $writers = IO::Select->new;
    $writers->add($link) if length $out;
    for my $stream (values %streams) {
      $readers->add($stream->{socket}) if !$stream->{answered} && length $out < $waiting;
      $writers->add($stream->{socket}) if length $stream->{unsent};
    }
    my ($readable, $writable) = IO::Select->select($readers, $writers, undef);
    my %ready = map { $_ => 1 } @{ $readable // [] };
    my %free = map { $_ => 1 } @{ $writable // [] };
    return if $ready{$link} && !take($link, \$in);
    while (my @frame = next_frame(\$in)) { $out .= obey(\%streams, @frame) }
    for my $id (keys %streams) {
      my $stream = $streams{$id};
      pass_on($stream) if $free{ $stream->{socket} };
      $out .= answer($id, $stream) if $ready{ $stream->{socket} };
      next unless $stream->{reset} || $stream->{answered} && $stream->{asked};
      close $stream->{socket};
      delete $streams{$id};
    }
    if (length $out) {
      my $count = syswrite $link, $out;
      return if !defined $count && !for_now();
      substr($out, 0, $count // 0) = '';
    }
  }
}

sub frame { my ($kind, $id, $content) = @_; return pack('aNN', $kind, $id, length $content) . $content }

sub for_now { return $! == EAGAIN || $! == EINTR }

# Reads what is there; false at the end.
sub take {
  my ($socket, $buffer) = @_;
  my $count = sysread $socket, $$buffer, $piece, length $$buffer;
  return defined $count ? $count > 0 : for_now();
}

# Takes one whole frame off the buffer, as a list; an empty one where there is none yet.
sub next_frame {
  my ($buffer) = @_;
  return if length $$buffer < 9;
  my ($kind, $id, $length) = unpack 'aNN', $$buffer;
  return if length $$buffer < 9 + $length;
  my $content = substr $$buffer, 9, $length;
  substr($$buffer, 0, 9 + $length) = '';
  return ($kind, $id, $content);
}

# Does what a frame says; gives the frames that answer it.
sub obey {
  my ($streams, $kind, $id, $content) = @_;
  if ($kind eq 'o') {
    my $socket = open_to($content) or return frame('r', $id, '');
    $socket->blocking(0);
    $streams->{$id} = { socket => $socket, unsent => '', ended => 0, asked => 0, heard => 0, answered => 0, reset => 0 };
    return '';
  }
  # A stream that is over here may still be spoken to.
  my $stream = $streams->{$id} or return '';
  if ($kind eq 'r') { $stream->{reset} = 1 }
  elsif ($kind eq 'e') { $stream->{ended} = 1; pass_on($stream) }
  elsif (!$stream->{asked}) { $stream->{unsent} .= $content; pass_on($stream) }
  return '';
}

sub open_to {
  my ($target) = @_;
  return IO::Socket::UNIX->new(Peer => $orders) if $target eq 'orders';
  my $socket = IO::Socket::INET->new(PeerAddr => $server, Proto => 'tcp', Blocking => 0) or return;
  setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
  return $socket;
}

# A server that hangs up before it read all is still heard to its end; the rest of the question is dropped.
sub pass_on {
  my ($stream) = @_;
  if (length $stream->{unsent}) {
    my $count = syswrite $stream->{socket}, $stream->{unsent};
    if (defined $count) { substr($stream->{unsent}, 0, $count) = '' }
    elsif (!for_now()) { $stream->{unsent} = ''; $stream->{asked} = 1 }
  }
  return if $stream->{asked} || !$stream->{ended} || length $stream->{unsent};
  shutdown $stream->{socket}, 1;
  $stream->{asked} = 1;
}

# What the server sends, as a frame: a piece, its end, or a broken connection.
sub answer {
  my ($id, $stream) = @_;
  my $content;
  my $count = sysread $stream->{socket}, $content, $piece;
  if ($count) { $stream->{heard} = 1; return frame('d', $id, $content) }
  return '' if !defined $count && for_now();
  $stream->{answered} = 1;
  # A connection that was refused says so to whoever writes first, and is only at its end for whoever reads then.
  return frame('e', $id, '') if defined $count && ($stream->{heard} || $stream->{ended} || !$stream->{asked});
  $stream->{reset} = 1;
  return frame('r', $id, '');
}
