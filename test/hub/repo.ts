import { createHash } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'

/** One file of a repository, from memory or from disk. `end` is exclusive. */
export interface Content {
  sizeBytes: number
  sha256: string
  gitId: string
  isLfs: boolean
  read(start: number, end: number): AsyncIterable<Uint8Array>
}

export interface HubRepo {
  /** owner/name */
  name: string
  commit: string
  files: Map<string, Content>
  tags?: string[]
  license?: string
  private?: boolean
  gated?: 'auto' | 'manual'
  /** Valid tokens; with none given, every token is taken. */
  tokens?: string[]
  /** Tokens of accounts that accepted the licence. */
  access?: string[]
}

const lfsPattern = /\.(safetensors|gguf|bin|pt|pth|onnx|model)$/

/** A repository from texts and buffers. Its commit follows from its content. */
export function repoOf(
  name: string,
  files: Record<string, string | Uint8Array>,
  options: Partial<Omit<HubRepo, 'name' | 'files'>> = {},
): HubRepo {
  const contents = new Map(Object.entries(files).map(([path, body]) => [path, memoryContent(path, body)]))
  const hash = createHash('sha1').update(name)
  for (const [path, content] of contents) hash.update(`${content.sha256}  ${path}\n`)
  return { name, commit: hash.digest('hex'), files: contents, ...options }
}

export function memoryContent(path: string, body: string | Uint8Array): Content {
  const bytes = Buffer.from(body)
  return {
    ...hashesOf(bytes),
    isLfs: lfsPattern.test(path),
    read: async function* (start, end) {
      for (let at = start; at < end; at += 65_536) yield bytes.subarray(at, Math.min(end, at + 65_536))
    },
  }
}

/** A large file that stays on disk; its sha256 is given, since hashing it here would distort a benchmark. */
export function diskContent(path: string, sha256: string): Content {
  const sizeBytes = statSync(path).size
  const read: Content['read'] = (start, end) =>
    createReadStream(path, { start, end: end - 1, highWaterMark: 1 << 20 })
  return { sizeBytes, sha256, gitId: sha256.slice(0, 40), isLfs: true, read }
}

function hashesOf(bytes: Uint8Array) {
  return {
    sizeBytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    gitId: createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex'),
  }
}
