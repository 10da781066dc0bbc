/** How a command speaks to a person. Read before anything else, so that a wrong variable can be told. */
export interface DisplaySettings {
  /** Lines in place of progress bars. */
  isPlain: boolean
  /** What the engine says is shown beside progress; a flag of the command line, and no variable. */
  isVerbose?: boolean
  /** An unexpected failure shows where in the program it happened. */
  showsPlace: boolean
}

export function displayOf(environment: Readonly<Record<string, string | undefined>>): DisplaySettings {
  return {
    isPlain: Boolean(environment['CI']) || environment['TERM'] === 'dumb',
    showsPlace: Boolean(environment['INGOT_DEBUG']),
  }
}
