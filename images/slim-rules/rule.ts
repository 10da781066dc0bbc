import semver from 'semver'
import { type Architecture, architectureNumber } from '../gpu-code/architecture.ts'
import type { RiskClass, SlimRule } from './slimming.ts'

/** GPUs by the number of their architecture: `from` belongs to the range, `below` does not. */
export interface GpuRange {
  from: number
  below: number
}

/** A removal from one Python distribution, with what was looked at before it was written. */
export interface WheelRule extends SlimRule {
  /** Name on PyPI; the rule holds where this distribution is installed. */
  distribution: string
  /** Semver range of the distribution that `evidence` holds for. Default: every version. */
  versions?: string
  /** Distributions that must be installed as well, because they are what makes these files needless. */
  beside?: readonly string[]
  /** GPUs that these files serve; the rule holds when no target is among them. Default: files serve no GPU. */
  serves?: readonly GpuRange[]
  evidence: string
}

/** Files that run-time compilation opens. No rule of class `safe` may match one; a test holds them against each other. */
export interface CompilerNeed {
  compiler: 'triton' | 'inductor' | 'flashinfer' | 'deep-gemm' | 'tilelang'
  paths: readonly string[]
  reason: string
}

/** What goes of wheels and what must not: every rule of class `safe` is held against every need by a test. */
export interface WheelPolicy {
  rules: readonly WheelRule[]
  needs: readonly CompilerNeed[]
}

export interface Installation {
  /** Installed distributions by name on PyPI, with versions. */
  distributions: Readonly<Record<string, string>>
  /** Empty for a CPU image: then no file that serves GPUs is needed. `unknown`: every such file may be. */
  targets: readonly Architecture[] | 'unknown'
}

/** Rules that hold for an installation and whose risk is accepted, in the order given. */
export function rulesFor(
  rules: readonly WheelRule[],
  installation: Installation,
  accepted: readonly RiskClass[],
): WheelRule[] {
  return rules.filter((rule) => accepted.includes(rule.risk) && holds(rule, installation))
}

function holds(rule: WheelRule, { distributions, targets }: Installation): boolean {
  const version = distributions[rule.distribution]
  if (version === undefined) return false
  if (rule.versions !== undefined && !isWithin(version, rule.versions)) return false
  if ((rule.beside ?? []).some((name) => distributions[name] === undefined)) return false
  if (targets === 'unknown') return rule.serves === undefined
  return !(rule.serves ?? []).some(({ from, below }) =>
    targets.map(architectureNumber).some((number) => number >= from && number < below),
  )
}

/** PyPI versions such as `0.7.2.post1` or `2.14.0+cu130` count by their first three numbers. */
function isWithin(version: string, range: string): boolean {
  const release = semver.coerce(version)
  return release !== null && semver.satisfies(release, range)
}

/** Globs inside site-packages, wherever Python is installed. */
export function inPackages(...paths: readonly string[]): string[] {
  return paths.map((path) => `/**/{site,dist}-packages/${path}`)
}

/** Globs of what a wheel puts beside its packages: programs into `bin`, data below the environment. */
export function prefixed(...paths: readonly string[]): string[] {
  return paths.map((path) => `/**/${path}`)
}
