import { readdir, readFile, stat } from 'node:fs/promises'
import type { RunnerGpu } from '../../images/boot/runner-facts.ts'

/** Cards that the kernel offers to any driver of Mesa, and to ROCm: their nodes, and the groups that may open them. */
export interface RenderNodes {
  gpus: RunnerGpu[]
  /** Folders and nodes to hand to a container: `/dev/dri`, and `/dev/kfd` where it is. */
  places: string[]
  groups: number[]
}

/** Where the kernel shows cards. */
export interface CardPlaces {
  nodes: string
  cards: string
  /** The node that ROCm computes through, and what the kernel tells of its GPUs. */
  compute: string
  topology: string
}

const kernelPlaces: CardPlaces = {
  nodes: '/dev/dri',
  cards: '/sys/class/drm',
  compute: '/dev/kfd',
  topology: '/sys/class/kfd/kfd/topology/nodes',
}

const vendors: Readonly<Record<string, string>> = { '0x1002': 'AMD', '0x8086': 'Intel', '0x10de': 'NVIDIA' }

/** `/dev/dri/renderD*` of this machine; empty where there are none. The kernel tells no memory that all vendors have. */
export async function renderNodes(places: Partial<CardPlaces> = {}): Promise<RenderNodes> {
  const { nodes: folder, cards, compute, topology } = { ...kernelPlaces, ...places }
  const all = await readdir(folder).catch(() => [])
  const nodes = await Promise.all(
    all
      .filter((name) => /^renderD\d+$/.test(name))
      .sort()
      // A card that was unplugged since is none.
      .map(async (name) => ({ name, info: await stat(`${folder}/${name}`).catch(() => undefined) })),
  )
  const present = nodes.flatMap(({ name, info }) => (info === undefined ? [] : [{ name, group: info.gid }]))
  const kfd = await stat(compute).catch(() => undefined)
  const processors = kfd === undefined ? {} : await processorsBelow(topology)
  const gpus = present.map(async ({ name }): Promise<RunnerGpu> => {
    const processor = processors[name]
    return {
      name: `${await vendorOf(`${cards}/${name}/device/vendor`)} card at ${folder}/${name}`,
      memoryBytes: 0,
      capability: null,
      ...(processor === undefined ? {} : { processor }),
    }
  })
  const groups = [...present.map(({ group }) => group), ...(kfd === undefined ? [] : [kfd.gid])]
  return {
    gpus: await Promise.all(gpus),
    places: [folder, ...(kfd === undefined ? [] : [compute])],
    groups: [...new Set(groups)].sort((a, b) => a - b),
  }
}

async function vendorOf(file: string): Promise<string> {
  const id = (await readFile(file, 'utf8').catch(() => '')).trim()
  return vendors[id] ?? 'unknown'
}

/** Processors by the name of their node: `properties` of a GPU has its render minor and, as a number, its processor. */
async function processorsBelow(topology: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const node of await readdir(topology).catch(() => [])) {
    const text = await readFile(`${topology}/${node}/properties`, 'utf8').catch(() => '')
    const minor = numberOf(text, 'drm_render_minor')
    const version = numberOf(text, 'gfx_target_version')
    if (minor > 0 && version > 0) found[`renderD${minor}`] = processorOfVersion(version)
  }
  return found
}

function numberOf(text: string, key: string): number {
  return Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
}

/** 90010 is 9.0.10, which is called gfx90a (amdkfd of Linux: major times 10,000, minor times 100, stepping). */
function processorOfVersion(version: number): string {
  const [major, minor, stepping] = [
    Math.floor(version / 10_000),
    Math.floor(version / 100) % 100,
    version % 100,
  ]
  return `gfx${major}${minor.toString(16)}${stepping.toString(16)}`
}
