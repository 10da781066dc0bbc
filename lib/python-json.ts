/**
 * JSON as Python's parser takes it: `Infinity`, `-Infinity` and `NaN`, which JSON has not, are read as null. Configurations of
 * Mamba models hold them. Throws what `JSON.parse` throws for everything else.
 */
export function parsePythonJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (!/\b(NaN|Infinity)\b/.test(text)) throw error
    return JSON.parse(withoutConstants(text))
  }
}

/** Strings are matched first, so that a word inside of one stays. */
function withoutConstants(text: string): string {
  return text.replaceAll(
    /("(?:[^"\\]|\\.)*")|-?\b(?:NaN|Infinity)\b/g,
    (_, quoted?: string) => quoted ?? 'null',
  )
}
