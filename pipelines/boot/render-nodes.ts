import { readdir, readFile, stat } from 'node:fs/promises'
import type { RunnerGpu } from '../../images/boot/runner-facts.ts'

/** Cards that the kernel offers to any driver of Mesa: their nodes, and the groups that may open them. */
export interface RenderNodes {
  gpus: RunnerGpu[]
  groups: number[]
}

const vendors: Readonly<Record<string, string>> = { '0x1002': 'AMD', '0x8086': 'Intel', '0x10de': 'NVIDIA' }

/** `/dev/dri/renderD*` of this machine; empty where there are none. The kernel tells no memory that all vendors have. */
export async function renderNodes(folder = '/dev/dri', cards = '/sys/class/drm'): Promise<RenderNodes> {
  const all = await readdir(folder).catch(() => [])
  const nodes = await Promise.all(
    all
      .filter((name) => /^renderD\d+$/.test(name))
      .sort()
      // A card that was unplugged since is none.
      .map(async (name) => ({ name, info: await stat(`${folder}/${name}`).catch(() => undefined) })),
  )
  const present = nodes.flatMap(({ name, info }) => (info === undefined ? [] : [{ name, group: info.gid }]))
  const [names, groups] = [present.map(({ name }) => name), present.map(({ group }) => group)]
  const gpus = names.map(async (name) => ({
    name: `${await vendorOf(`${cards}/${name}/device/vendor`)} card at ${folder}/${name}`,
    memoryBytes: 0,
    capability: null,
  }))
  return { gpus: await Promise.all(gpus), groups: [...new Set(groups)].sort((a, b) => a - b) }
}

async function vendorOf(file: string): Promise<string> {
  const id = (await readFile(file, 'utf8').catch(() => '')).trim()
  return vendors[id] ?? 'unknown'
}
