import { stripVTControlCharacters } from 'node:util'

/** Words by which servers and their libraries say that they go without something: a compiler, a library, a kernel. */
const phrases: readonly RegExp[] = [
  /\b(nvcc|hipcc|ninja|gcc|g\+\+|cc1plus|cuobjdump|ptxas)\b.*\b(not (be )?found|missing|not available|unavailable|not installed|not in)\b/i,
  /\b(could not|cannot|can't|unable to|failed to) (find|locate|load|open|import)\b/i,
  /\b(CUDA_HOME|ROCM_HOME)\b.*\b(not set|unset|not found|does not exist|not defined)\b/i,
  /\bNo module named\b/,
  /\bcannot open shared object file\b/i,
  /\b(is|are) not (installed|available|supported on this)\b/i,
  /\b(falling back|fall(s)? back|fallback) (to|on)\b/i,
]

const mostLines = 20
const mostCharacters = 300

/**
 * Lines of a server's log that say what it goes without, each once, in their order. A server that is ready may have switched off
 * what is fast, and nothing that it is asked would show it. Numbers differ from boot to boot, so lines that differ in them count as one.
 */
export function missingLines(log: string): string[] {
  const found = new Map<string, string>()
  for (const line of log.split('\n')) {
    const text = plain(line)
    if (!phrases.some((phrase) => phrase.test(text))) continue
    const key = withoutNumbers(text)
    if (!found.has(key)) found.set(key, text.slice(0, mostCharacters))
    if (found.size === mostLines) break
  }
  return [...found.values()]
}

/** A line for comparison with another boot: without numbers, addresses and the time before it. */
export function withoutNumbers(line: string): string {
  return line.replaceAll(/0x[0-9a-f]+|\d+/gi, '#')
}

/** Without colours and what else a terminal takes for itself. */
function plain(line: string): string {
  return stripVTControlCharacters(line)
    .replaceAll(/\p{Cc}/gu, ' ')
    .trim()
}
