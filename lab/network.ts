import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { outputOf } from './commands.ts'
import type { LabSettings } from './settings.ts'

// Which of the two the engine used depends on the kernel.
const backends = ['xtables-nft-multi', 'xtables-legacy-multi']
// A restore is all or nothing, and another program may have changed the rules since they were read.
const attempts = 3

/**
 * Removes the bridge and the packet filter rules that the engine's CNI plugins leave in the host's network.
 * `root` is the engine's root file system, which has the tools for it; only for a lab whose engine is not running.
 */
export async function cleanNetwork(settings: LabSettings, root: string): Promise<void> {
  for (const backend of backends) await cleanRules(settings, root, backend)
  await outputOf('chroot', [root, 'ip', 'link', 'delete', `${settings.networkName}0`])
}

async function cleanRules(settings: LabSettings, root: string, backend: string): Promise<void> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const saved = await outputOf('chroot', [root, backend, 'iptables-save'])
    const removal = removalOf(saved ?? '', settings)
    if (removal === '') return
    await restore(root, backend, removal)
  }
}

/** The input for `iptables-restore --noflush` that removes this network's rules, given what `iptables-save` says. */
export function removalOf(saved: string, settings: LabSettings): string {
  const tables: string[] = []
  for (const part of saved.split(/^\*/m).slice(1)) {
    const lines = part.split('\n')
    const removal = tableRemoval(lines, settings)
    if (removal.length > 0) tables.push([`*${lines[0]}`, ...removal, 'COMMIT', ''].join('\n'))
  }
  return tables.join('')
}

function tableRemoval(lines: readonly string[], settings: LabSettings): string[] {
  const rules = lines.filter((line) => line.startsWith('-A '))
  const ours = rules.filter((rule) => isOurs(rule, settings))
  const chains = new Set(ours.map(chainOf).filter((chain) => /^CNI-[0-9a-f]{24}$/.test(chain)))
  const left = rules.filter((rule) => !ours.includes(rule))
  return [
    ...ours.map(deletion),
    ...[...chains].map((chain) => `-X ${chain}`),
    ...sharedRemoval(lines, left, ours),
  ]
}

/** The chains that all CNI networks share go with the last of them. */
function sharedRemoval(lines: readonly string[], left: readonly string[], ours: readonly string[]): string[] {
  if (ours.length === 0 || !lines.some((line) => line.startsWith(':CNI-FORWARD '))) return []
  const scaffold = left.filter((rule) => rule.endsWith('-j CNI-FORWARD') || rule.endsWith('-j CNI-ADMIN'))
  const users = left.filter((rule) => /^-A CNI-(FORWARD|ADMIN) /.test(rule) && !scaffold.includes(rule))
  return users.length > 0 ? [] : [...scaffold.map(deletion), '-X CNI-FORWARD', '-X CNI-ADMIN']
}

function isOurs(rule: string, settings: LabSettings): boolean {
  const prefix = settings.networkCidr.split('.').slice(0, 2).join('.')
  const addressed = new RegExp(`-[sd] ${prefix.replace('.', '\\.')}\\.\\d+\\.\\d+/32 `)
  return (
    rule.includes(`name: \\"${settings.networkName}\\"`) ||
    (rule.startsWith('-A CNI-FORWARD ') && addressed.test(rule))
  )
}

function chainOf(rule: string): string {
  return rule.split(' ')[1] ?? ''
}

function deletion(rule: string): string {
  return rule.replace(/^-A/, '-D')
}

async function restore(root: string, backend: string, input: string): Promise<void> {
  const args = [root, backend, 'iptables-restore', '--noflush']
  const child = spawn('chroot', args, { stdio: ['pipe', 'ignore', 'inherit'] })
  child.stdin.end(input)
  await once(child, 'exit')
}
