import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { StageError } from '../error.ts'

/**
 * One connection through the engine's tunnel that carries all others, to the server and to the harness. Dagger's tunnel (0.21.8)
 * carries no connection of a port any more once it could not write to one: a server that hangs up before it read a whole question,
 * or a port where nobody listens yet, makes all later questions of the boot get lost (docs/decisions/084).
 */
export interface Channel {
  /** Opens a stream to the published port of the server, or to what takes orders. */
  open(target: ChannelTarget): Duplex
  close(): void
}

export type ChannelTarget = 'server' | 'orders'

/** A letter, the number of the stream and the length of the content, 32 bits each. */
const headerBytes = 9

/** A connection is tried so often, each time with twice the patience: the first may find a tunnel that is not whole yet. */
const attempts = 4

/**
 * Connects to the harness at that port of this machine and waits until it says hello. Throws `engine-failed` when none of
 * four attempts is answered; `patienceMs` is the wait for the first.
 */
export async function openChannel(port: number, patienceMs = 20_000): Promise<Channel> {
  for (let attempt = 1; ; attempt += 1) {
    const link = connect({ host: '127.0.0.1', port, noDelay: true })
    try {
      await once(link, 'data', { signal: AbortSignal.timeout(patienceMs * 2 ** (attempt - 1)) })
      return channelOver(link)
    } catch (cause) {
      link.destroy()
      if (attempt < attempts) continue
      throw new StageError('engine-failed', {
        attempted: 'reach the harness around the booted server through the engine’s tunnel',
        found: `no hello at the last of ${attempts} attempts`,
        hint: 'look whether the engine still runs and has memory and processors left (`ingot doctor`), then try again',
        cause,
      })
    }
  }
}

/** `h`ello, `o`pen with the target, `d`ata, `e`nd of what one side sends, `r`eset. */
type FrameKind = 'h' | 'o' | 'd' | 'e' | 'r'

interface Frame {
  kind: FrameKind
  stream: number
  content: Buffer
}

function channelOver(link: Socket): Channel {
  const streams = new Map<number, ChannelStream>()
  let unread: Buffer = Buffer.alloc(0)
  let opened = 0
  const send = (kind: FrameKind, stream: number, content: Uint8Array, done?: WriteCallback) =>
    void link.write(Buffer.concat([header(kind, stream, content.length), content]), done)
  link.on('data', (piece: Buffer) => {
    unread = Buffer.concat([unread, piece])
    for (let frame = frameIn(unread); frame !== null; frame = frameIn(unread)) {
      unread = unread.subarray(headerBytes + frame.content.length)
      streams.get(frame.stream)?.receive(frame)
    }
  })
  link.on('error', () => undefined)
  link.on('close', () => {
    for (const { stream } of streams.values()) stream.destroy(tunnelClosed())
  })
  return {
    open(target) {
      const id = ++opened
      const one = channelStream((kind, content, done) => send(kind, id, content, done))
      const { stream } = one
      streams.set(id, one)
      stream.once('close', () => streams.delete(id))
      if (link.destroyed) stream.destroy(tunnelClosed())
      else send('o', id, Buffer.from(target))
      return stream
    },
    close: () => void link.destroy(),
  }
}

function tunnelClosed(): Error {
  return new Error('the engine’s tunnel was closed')
}

function header(kind: FrameKind, stream: number, bytes: number): Buffer {
  const head = Buffer.alloc(headerBytes)
  head.write(kind, 'latin1')
  head.writeUInt32BE(stream, 1)
  head.writeUInt32BE(bytes, 5)
  return head
}

/** The first whole frame; null where there is none yet. */
function frameIn(bytes: Buffer): Frame | null {
  if (bytes.length < headerBytes) return null
  const end = headerBytes + bytes.readUInt32BE(5)
  if (bytes.length < end) return null
  // The harness is of the same version as this.
  const kind = bytes.toString('latin1', 0, 1) as FrameKind
  return { kind, stream: bytes.readUInt32BE(1), content: bytes.subarray(headerBytes, end) }
}

type WriteCallback = (error?: Error | null) => void
type FrameSender = (kind: FrameKind, content: Uint8Array, done?: WriteCallback) => void

interface ChannelStream {
  stream: Duplex
  receive(frame: Frame): void
}

/** One stream of the channel. What a server sends is held until it is read: answers have a limit of their own. */
function channelStream(send: FrameSender): ChannelStream {
  const stream = new Duplex({
    allowHalfOpen: true,
    read: () => undefined,
    write: (chunk: Buffer, _, done) => send('d', chunk, done),
    final: (done) => send('e', Buffer.alloc(0), done),
    destroy(error, done) {
      send('r', Buffer.alloc(0))
      done(error)
    },
  })
  return {
    stream,
    receive({ kind, content }) {
      if (kind === 'd') stream.push(Buffer.from(content))
      else if (kind === 'e') stream.push(null)
      else stream.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))
    },
  }
}
