export type LabErrorCode =
  | 'not-root'
  | 'tool-missing'
  | 'command-failed'
  | 'port-taken'
  | 'network-taken'
  | 'not-answering'
  | 'bad-setting'

/** The lab's only error: what went wrong, and what the reader can do about it. */
export class LabError extends Error {
  readonly code: LabErrorCode
  readonly hint: string

  constructor(code: LabErrorCode, message: string, hint: string) {
    super(message)
    this.name = 'LabError'
    this.code = code
    this.hint = hint
  }
}
