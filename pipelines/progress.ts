import { SingleBar } from 'cli-progress'
import { formatBytes } from '../lib/bytes.ts'

/** What a stage tells the person who waits. Everything goes to stderr; results go to stdout. */
export interface Progress {
  step(text: string): void
  bytes(what: string, done: number, total: number): void
  end(): void
}

/** Bars on a terminal, lines elsewhere and in CI. */
export function progressOn(stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv): Progress {
  const terminal = stream.isTTY && !environment['CI'] && environment['TERM'] !== 'dumb'
  return terminal ? barProgress(stream) : lineProgress(stream)
}

const lineIntervalMs = 5000

function lineProgress(stream: NodeJS.WriteStream): Progress {
  let lastLineAt = 0
  return {
    step: (text) => void stream.write(`ingot: ${text}\n`),
    bytes(what, done, total) {
      const now = performance.now()
      if (done < total && now - lastLineAt < lineIntervalMs) return
      lastLineAt = now
      stream.write(`ingot: ${what} ${formatBytes(done)} of ${formatBytes(total)}\n`)
    },
    end: () => undefined,
  }
}

function barProgress(stream: NodeJS.WriteStream): Progress {
  let bar: SingleBar | undefined
  const end = () => {
    bar?.stop()
    bar = undefined
  }
  return {
    step(text) {
      end()
      stream.write(`ingot: ${text}\n`)
    },
    bytes(what, done, total) {
      bar ??= startBar(stream, what, total)
      bar.update(done)
      if (done >= total) end()
    },
    end,
  }
}

function startBar(stream: NodeJS.WriteStream, what: string, total: number): SingleBar {
  const bar = new SingleBar({
    stream,
    hideCursor: true,
    format: `       ${what} [{bar}] {percentage}% {value} of {total}, {eta_formatted} left`,
    formatValue: (value, _options, type) =>
      type === 'value' || type === 'total' ? formatBytes(value) : String(value),
  })
  bar.start(total, 0)
  return bar
}
