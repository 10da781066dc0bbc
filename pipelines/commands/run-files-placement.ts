import type { RunFacts } from '../../images/run-files/facts.ts'
import { kserveLlmPort } from '../../images/run-files/kserve-llm.ts'
import { targetsFor } from '../../images/run-files/machines.ts'
import {
  type Placement,
  type SecretVariable,
  type TaintEffect,
  type Toleration,
  taintEffects,
} from '../../images/run-files/placement.ts'
import { clusterTargets, type RunTarget } from '../../images/run-files/targets.ts'
import { usageError } from '../command-line/arguments.ts'
import type { Values } from '../command-line/option-table.ts'
import type { runFilesTable } from './tables/run-files.ts'

type RunFilesValues = Values<typeof runFilesTable>
type SiteOption = keyof typeof readers

const hosts = ['docker', 'compose', 'quadlet'] as const

/** Which tools can be told what. An option that none of the named ones reads would be lost without a word. */
const readers = {
  gpus: hosts,
  selinux: hosts,
  claim: clusterTargets,
  'storage-class': clusterTargets,
  'node-selector': clusterTargets,
  toleration: clusterTargets,
  'runtime-class': clusterTargets,
  'pull-secret': clusterTargets,
} as const satisfies Partial<Record<keyof RunFilesValues, readonly RunTarget[]>>

// What Kubernetes takes as names of objects (DNS-1123), keys of secrets, labels and taints. None has a character that a
// shell, a unit or YAML reads as its own.
const part = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?'
const objectName = new RegExp(`^(?=.{1,253}$)${part}(?:\\.${part})*$`)
const word = '[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?'
const labelKey = new RegExp(`^(?:(?=[^/]{1,253}/)${part}(?:\\.${part})*/)?${word}$`)
const labelValue = new RegExp(`^(?:${word})?$`)
const secretKey = /^(?!\.\.?$|\.\.)[-._A-Za-z0-9]{1,253}$/
const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Throws `usage` for texts that no cluster and no tool takes, and for options that none of the named tools reads. */
export function placementOf(values: RunFilesValues): Placement {
  requireReader(values)
  const devices = values.gpus === undefined ? undefined : indexesOf(values.gpus)
  const claim = nameOf('claim', values.claim)
  const storageClass = nameOf('storage-class', values['storage-class'])
  if (claim !== undefined && storageClass !== undefined)
    throw usage(
      '--storage-class is for a claim that is made, and --claim names one that is there: leave one out',
    )
  const runtimeClass = nameOf('runtime-class', values['runtime-class'])
  return {
    ...(devices !== undefined && { devices }),
    hasSelinux: values.selinux,
    ...(claim !== undefined && { claim }),
    ...(storageClass !== undefined && { storageClass }),
    nodeSelector: nodeSelectorOf(values['node-selector']),
    tolerations: values.toleration.map(tolerationOf),
    ...(runtimeClass !== undefined && { runtimeClass }),
    pullSecrets: values['pull-secret'].map((name) => checked('pull-secret', name, objectName)),
    secretVariables: distinctVariables(values['secret-env'].map(secretVariableOf)),
  }
}

/** Throws `usage` where the image has no use for what was named: another number of GPUs, or weights of its own. */
export function requireFit(
  { devices, claim, storageClass, secretVariables }: Placement,
  facts: RunFacts,
): void {
  if (devices !== undefined && devices.length !== facts.gpus)
    throw usage(`--gpus names ${devices.length}, and the image was planned for ${facts.gpus}`)
  const isMounted = facts.weights.type === 'folder' || facts.weights.type === 'volume'
  const [storage, option] = claim === undefined ? [storageClass, 'storage-class'] : [claim, 'claim']
  if (storage !== undefined && !isMounted)
    throw usage(`--${option} is "${storage}", and the weights of this image come as an image`)
  const taken = secretVariables.find(({ variable }) => facts.variables.includes(variable))
  if (taken !== undefined)
    throw usage(`--secret-env sets ${taken.variable}, which the image sets, or its command: leave it out`)
}

/** KServe's Service for an LLMInferenceService leads to one port, whatever the image says. Throws `usage`. */
export function requireKservePort({ port }: RunFacts): void {
  if (port !== kserveLlmPort)
    throw usage(
      `an LLMInferenceService is asked at port ${kserveLlmPort}, and this image listens at ${port}: set serving.port to ${kserveLlmPort} and build again, or take --for kserve`,
    )
}

/** What a tool cannot start on several machines gets no file for it. Throws `usage`. */
export function requireTargets(targets: readonly RunTarget[], facts: RunFacts): void {
  const known = targetsFor(facts)
  const others = targets.filter((target) => !known.includes(target))
  if (others.length === 0 || facts.machines === undefined) return
  throw usage(
    `the image is for ${facts.machines.count} machines, which files for ${others.join(', ')} do not start: take --for ${known.join(' or ')}`,
  )
}

function requireReader(values: RunFilesValues): void {
  // Object.entries gives keys as plain texts.
  for (const [option, targets] of Object.entries(readers) as [SiteOption, readonly RunTarget[]][]) {
    if (!isGiven(values[option]) || values.for.some((target) => targets.includes(target))) continue
    throw usage(`--${option} is for ${targets.join(', ')}, and files are asked for ${values.for.join(', ')}`)
  }
}

function isGiven(value: RunFilesValues[SiteOption]): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false
}

function indexesOf(text: string): number[] {
  const indexes = text.split(',').map((index) => (/^\d{1,3}$/.test(index) ? Number(index) : Number.NaN))
  if (indexes.some(Number.isNaN) || new Set(indexes).size < indexes.length)
    throw usage(`--gpus is "${text}", not different indexes such as 0,2`)
  return indexes
}

function nameOf(option: string, name: string | undefined): string | undefined {
  return name === undefined ? undefined : checked(option, name, objectName)
}

function nodeSelectorOf(texts: readonly string[]): Record<string, string> {
  const labels = texts.map((text): [string, string] => {
    const [, key = '', value = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? []
    if (!labelKey.test(key) || !labelValue.test(value))
      throw wrong('node-selector', text, 'a label as KEY=VALUE')
    return [key, value]
  })
  const twice = labels.find(([key], index) => labels.findIndex(([other]) => other === key) !== index)
  if (twice !== undefined) throw usage(`--node-selector names ${twice[0]} twice`)
  return Object.fromEntries(labels)
}

function tolerationOf(text: string): Toleration {
  const [, key = '', value, effect] = /^([^=:]*)(?:=([^:]*))?(?::(.*))?$/s.exec(text) ?? []
  if (!labelKey.test(key) || !labelValue.test(value ?? '') || !(effect === undefined || isEffect(effect)))
    throw wrong('toleration', text, `KEY[=VALUE][:EFFECT], with ${taintEffects.join(', ')} as effects`)
  return { key, ...(value !== undefined && { value }), ...(effect !== undefined && { effect }) }
}

function isEffect(text: string): text is TaintEffect {
  return (taintEffects as readonly string[]).includes(text) // `includes` takes only the narrow type.
}

function secretVariableOf(text: string): SecretVariable {
  const [, variable = '', secret = '', key = ''] = /^([^=]*)=([^/]*)\/(.*)$/s.exec(text) ?? []
  if (!variableName.test(variable) || !objectName.test(secret) || !secretKey.test(key))
    throw wrong('secret-env', text, 'VARIABLE=SECRET/KEY; the value itself never stands here')
  return { variable, secret, key }
}

function distinctVariables(all: readonly SecretVariable[]): readonly SecretVariable[] {
  const names = all.map(({ variable }) => variable)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw usage(`--secret-env sets ${twice} twice`)
  return all
}

function checked(option: string, text: string, form: RegExp): string {
  if (!form.test(text))
    throw wrong(option, text, 'a name of Kubernetes: lower-case letters, digits, dashes and dots')
  return text
}

/** A value of `--secret-env` may be a secret, given by mistake: it is not repeated. */
function wrong(option: string, text: string, wanted: string): Error {
  return usage(
    option === 'secret-env' ? `--${option} is not ${wanted}` : `--${option} is "${text}", not ${wanted}`,
  )
}

function usage(found: string): Error {
  return usageError('run-files', found)
}
