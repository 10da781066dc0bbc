/** A part of a parsed template. Positions are not kept: errors name what was met. */
export type GoNode =
  | { type: 'text'; text: string }
  | { type: 'action'; pipe: Pipe }
  | { type: 'if' | 'with' | 'range'; pipe: Pipe; body: GoNode[]; otherwise: GoNode[] | null }
  | { type: 'break' | 'continue' }

/** Commands of which each gets the result of the one before it as its last argument. */
export interface Pipe {
  /** Variables that take the result; `isNew` for `:=`. */
  variables: string[]
  isNew: boolean
  commands: Operand[][]
}

export type Operand =
  | { type: 'dot' }
  | { type: 'nil' }
  | { type: 'literal'; value: string | number | boolean }
  | { type: 'field'; path: string[] }
  | { type: 'variable'; name: string; path: string[] }
  | { type: 'function'; name: string }
  | { type: 'group'; pipe: Pipe; path: string[] }
