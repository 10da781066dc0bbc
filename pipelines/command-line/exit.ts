import type { ElfErrorCode } from '../../images/elf/error.ts'
import type { PlanErrorCode } from '../../images/error.ts'
import type { GpuCodeErrorCode } from '../../images/gpu-code/error.ts'
import type { MemoryErrorCode } from '../../images/memory/error.ts'
import { type Failure, IngotError, type LibErrorCode, messageOf } from '../../lib/error.ts'
import type { RecipeErrorCode } from '../../recipes/error.ts'
import type { BundleErrorCode } from '../bundle/error.ts'
import type { StageErrorCode } from '../error.ts'
import { systemFailureOf } from '../files/system-error.ts'
import type { SizeErrorCode } from '../image-reader/error.ts'
import type { ModelReaderErrorCode } from '../model-reader/error.ts'
import type { NetworkErrorCode } from '../network/error.ts'
import { daggerErrorFrom } from '../process/dagger-error.ts'
import type { RegistryErrorCode } from '../registry-client/error.ts'
import type { StoreErrorCode } from '../store/error.ts'
import type { WeightsErrorCode } from '../weights/error.ts'

/** Every code of an error that may end a command. A new one does not compile without its exit code. */
export type ErrorCode =
  | LibErrorCode
  | RecipeErrorCode
  | PlanErrorCode
  | MemoryErrorCode
  | ElfErrorCode
  | GpuCodeErrorCode
  | StageErrorCode
  | StoreErrorCode
  | WeightsErrorCode
  | RegistryErrorCode
  | NetworkErrorCode
  | BundleErrorCode
  | SizeErrorCode
  | ModelReaderErrorCode

/** 3 environment, 2 usage or recipe, 1 a stage or a check. */
const exitCodes: Record<ErrorCode, 1 | 2 | 3> = {
  'no-engine': 3,
  'no-runner': 3,
  'no-tool': 3,
  'unfit-machine': 3,
  'no-space': 3,
  'disk-full': 3,
  'not-writable': 3,
  unauthorized: 3,
  'bad-token': 3,
  gated: 3,
  denied: 3,
  usage: 2,
  'no-recipe': 2,
  'file-exists': 2,
  'invalid-recipe': 2,
  'invalid-lock': 2,
  'lock-mismatch': 2,
  refused: 2,
  'unknown-engine': 2,
  'unknown-gpu': 2,
  'bad-request': 2,
  'bad-size': 2,
  'bad-architecture': 2,
  'no-file': 2,
  'no-model': 2,
  'not-elf': 2,
  'bad-reference': 2,
  'no-platform': 2,
  'target-exists': 2,
  'bad-earlier': 2,
  'two-of-one-name': 2,
  'not-a-store': 2,
  'unwritable-lock': 3,
  'store-gone': 1,
  'bad-digest': 1,
  'engine-failed': 1,
  drifted: 1,
  'missing-lock': 1,
  'over-budget': 1,
  'not-verified': 1,
  'no-key': 3,
  'no-image': 1,
  interrupted: 1,
  'tool-failed': 1,
  'secret-found': 1,
  'against-policy': 1,
  'broken-tree': 1,
  'bad-findings': 1,
  vulnerable: 1,
  'check-failed': 1,
  'unsupported-elf': 1,
  'broken-elf': 1,
  'digest-mismatch': 1,
  'size-mismatch': 1,
  'missing-blob': 1,
  'corrupt-blob': 1,
  'corrupt-index': 1,
  'corrupt-record': 1,
  'too-large': 1,
  'bad-name': 1,
  'in-use': 1,
  locked: 1,
  'not-found': 1,
  network: 1,
  'bad-answer': 1,
  'bad-archive': 1,
  ambiguous: 1,
  'no-files': 1,
  'hash-mismatch': 1,
  'layer-too-large': 1,
  'upload-lost': 1,
  rejected: 1,
  mismatch: 1,
  'not-image': 1,
  'broken-layer': 1,
  'bad-config': 1,
  'bad-header': 1,
}

/** 3 environment, 2 usage or recipe, 1 everything else. */
export function exitCodeOf(error: unknown): number {
  const known = error instanceof IngotError ? error : daggerErrorFrom(error)
  if (known === undefined) return systemFailureOf(error)?.exitCode ?? 1
  const codes: Record<string, number> = exitCodes
  return codes[known.code] ?? 1
}

/** What a person reads of a failure: attempted, found, to do. A fault of ingot's own is one line, without its stack. */
export function describeError(error: unknown): string {
  const failure = failureOf(error)
  if (failure)
    return `ingot: could not ${failure.attempted}\n  found: ${failure.found}\n  to do: ${failure.hint}\n`
  return `ingot: unexpected failure, a fault of ingot's own: ${firstLine(error)}\n`
}

/** True for what nobody foresaw: its stack is worth keeping. */
export function isUnexpected(error: unknown): boolean {
  return failureOf(error) === undefined
}

function failureOf(error: unknown): Failure | undefined {
  if (error instanceof IngotError) return error.failure
  return (daggerErrorFrom(error) ?? systemFailureOf(error))?.failure
}

function firstLine(error: unknown): string {
  const name = error instanceof Error ? `${error.name}: ` : ''
  return `${name}${messageOf(error).split('\n')[0] ?? ''}`.slice(0, 300)
}
