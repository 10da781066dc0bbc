/** One option, as parsing, usage, help, documents and completion read it. */
export interface Option {
  kind: 'flag' | 'text' | 'count' | 'number' | 'bytes'
  help: string
  /** What its value is called where there is no closed set: `REPO`. FILE and FOLDER are completed by shells. */
  value?: string
  /** The only values that it takes. */
  values?: readonly string[]
  /** Values to offer where others are taken as well. */
  known?: readonly string[]
  default?: string | number
  /** Least and largest value of a number, or of bytes. */
  range?: readonly [least: number, largest: number]
  isRequired?: true
  isRepeatable?: true
  /** Other names of the same option. */
  aliases?: readonly string[]
}

/** What comes without an option. */
export interface Positionals {
  /** `RECIPE`, or `RECIPE|REF`. */
  name: string
  least: number
  most: number
  values?: readonly string[]
}

/** All that there is to say of a command but what it does. */
export interface CommandTable {
  name: string
  summary: string
  positionals?: Positionals
  options: Readonly<Record<string, Option>>
  /** A wrong variable does not stop it. */
  ignoresEnvironment?: true
}

type Single<One extends Option> = One['values'] extends readonly string[]
  ? One['values'][number]
  : One['kind'] extends 'text'
    ? string
    : number

type Value<One extends Option> = One['kind'] extends 'flag'
  ? boolean
  : One['isRepeatable'] extends true
    ? Single<One>[]
    : One extends { isRequired: true } | { default: string | number }
      ? Single<One>
      : Single<One> | undefined

/** Values of a command line: false for a flag that is not given, and no value for an option without a default. */
export type Values<Table extends CommandTable> = {
  -readonly [Name in keyof Table['options']]: Value<Table['options'][Name]>
}
