import { formatBytes } from '../../lib/bytes.ts'
import type { BootReport } from '../boot/boot-report.ts'
import { architectureNumber, parseArchitecture } from '../gpu-code/architecture.ts'
import type { Rewriting } from '../slim-rules/slimming.ts'
import { type GatePart, gatePart, notRun } from './result.ts'

/** Machine code that the driver made of one piece of PTX, by its file in the compute cache. */
export interface CompiledModule {
  name: string
  sizeBytes: number
}

/** What the CUDA driver keeps of the PTX it compiled during one boot, or why that is not known. */
export type CacheReading =
  | { type: 'read'; modules: readonly CompiledModule[]; compilerLoaded: boolean; limitBytes: number }
  | { type: 'unknown'; why: string }

/** The smaller of the two defaults that NVIDIA documents, for servers and for boards. */
const leastLimitBytes = 256 * 1024 ** 2

/** Reads what pipelines/boot/compute-cache.sh prints. */
export function parseComputeCache(text: string): CacheReading {
  const lines = text.split('\n').map((line) => line.split('\t'))
  const value = (key: string) => lines.find(([first]) => first === key)?.[1]
  const folder = value('folder')
  if (folder === undefined)
    return unknown('the runner cannot look into a running container: use podman, or run as root')
  const disabled = value('disabled') ?? ''
  if (disabled !== '' && disabled !== '0')
    return unknown('CUDA_CACHE_DISABLE is set, so the driver keeps nothing')
  if (value('place') !== 'own')
    return unknown(`${folder} is not in memory that began empty and that the server may write to`)
  if (!lines.some(([first]) => first === 'end')) return unknown(`${folder} could not be listed to its end`)
  return {
    type: 'read',
    modules: lines
      .filter(([first]) => first === 'module')
      .map(([, size, name = '']) => ({ name, sizeBytes: Number(size) })),
    compilerLoaded: Number(value('compiler')) > 0,
    limitBytes: Number(value('limit')) || leastLimitBytes,
  }
}

/** The boots of one image, each with what was read before its end. */
export interface WatchedBoots {
  boots: readonly BootReport[]
  caches: readonly CacheReading[]
}

/** What helps to find the cause of a failure. */
export interface PtxCauses {
  targets: Rewriting['targets']
  /** Libraries that lost GPU code, the largest first. */
  cut: readonly string[]
}

/**
 * The slimmed image makes the driver compile nothing that the stock image does not make it compile too. Both boot with the
 * same lock and the same questions, so PTX that stock lives on is allowed.
 */
export function judgePtx(stock: WatchedBoots, slim: WatchedBoots, causes: PtxCauses): GatePart {
  const [died, stockDied] = [slim.boots.filter(hasDied), stock.boots.filter(hasDied)]
  if (stockDied.length > 0) return notRun('ptx', 'the stock image itself was not ready, or ended by itself')
  if (died.length > 0)
    return gatePart('ptx', {
      good: false,
      found: `${died.length} of ${slim.boots.length} boots of the slimmed image were not ready or ended by themselves, and none of stock's`,
      details: [...died.flatMap(lastWords), ...waysOut(slim, causes)],
    })
  const caches = [...stock.caches, ...slim.caches]
  const why = caches.length === 0 ? 'no boot was looked into' : caches.flatMap(whyUnknown)[0]
  return why === undefined ? compare(stock, slim, causes) : notRun('ptx', why)
}

function compare(stock: WatchedBoots, slim: WatchedBoots, causes: PtxCauses): GatePart {
  const [known, seen] = [modulesOf(stock), modulesOf(slim)]
  const silent = known.length + seen.length === 0 && slim.caches.some(hasCompiler)
  if (silent)
    return notRun('ptx', 'the driver has its compiler of PTX in memory and keeps nothing of what it compiled')
  const added = withoutEquals(seen, known)
  return gatePart('ptx', {
    good: added.length === 0,
    found: `the driver compiled ${sum(known)} of PTX with the stock image and ${sum(seen)} with the slimmed one, ${sum(added)} with it alone`,
    details: added.length === 0 ? [] : waysOut(slim, causes),
  })
}

function unknown(why: string): CacheReading {
  return { type: 'unknown', why }
}

/** A full cache drops older modules, and one that is larger than the cache never gets in. */
function whyUnknown(cache: CacheReading): string[] {
  if (cache.type === 'unknown') return [cache.why]
  const sizes = cache.modules.map(({ sizeBytes }) => sizeBytes)
  const used = sizes.reduce((total, size) => total + size, 0)
  if (used + Math.max(0, ...sizes) <= cache.limitBytes) return []
  return [
    `the cache has ${formatBytes(used)} and may have dropped older code at ${formatBytes(cache.limitBytes)}: set CUDA_CACHE_MAXSIZE to 4294967296 in serving.environment`,
  ]
}

function hasCompiler(cache: CacheReading): boolean {
  return cache.type === 'read' && cache.compilerLoaded
}

function hasDied({ readyAfterMs, checks }: BootReport): boolean {
  return readyAfterMs === null || checks.some(({ id, status }) => id === 'alive' && status === 'failed')
}

/** Every module of any boot once: names come from what was compiled, so that another boot has the same ones. */
function modulesOf({ caches }: WatchedBoots): CompiledModule[] {
  const modules = caches.flatMap((cache) => (cache.type === 'read' ? cache.modules : []))
  return [...new Map(modules.map((module) => [module.name, module])).values()]
}

/** What is in `modules` and not in `known`, by name and then by size: whether a name depends on the file that held the PTX is not documented. */
function withoutEquals(modules: readonly CompiledModule[], known: readonly CompiledModule[]) {
  const names = new Set(modules.map(({ name }) => name))
  const others = known.filter(({ name }) => !names.delete(name)).map(({ sizeBytes }) => sizeBytes)
  return modules.filter(({ name, sizeBytes }) => {
    const at = others.indexOf(sizeBytes)
    if (!names.has(name) || at < 0) return names.has(name)
    others.splice(at, 1)
    return false
  })
}

function sum(modules: readonly CompiledModule[]): string {
  const bytes = modules.reduce((total, { sizeBytes }) => total + sizeBytes, 0)
  return `${modules.length} module${modules.length === 1 ? '' : 's'} (${formatBytes(bytes)})`
}

/** Lines of CUDA's own errors about missing code: 209, 218, 222 and their kin. */
const gpuCodeErrors = /no kernel image|device kernel image|invalid device function|\bPTX\b|\bJIT\b/i

function lastWords({ logTail }: BootReport): string[] {
  const lines = logTail.split('\n').filter((line) => gpuCodeErrors.test(line))
  return lines.slice(0, 3).map((line) => `its log: ${line.trim()}`)
}

function waysOut({ boots }: WatchedBoots, { targets, cut }: PtxCauses): string[] {
  const names = targets === 'any' ? [] : targets
  return [
    ...(names.length === 0 ? [] : otherGpu(boots, names)),
    ...(cut.length === 0
      ? []
      : [
          `GPU code was taken out of ${cut.join(', ')}: \`${['ingot gpu-code FILE', ...names.map((name) => `--target ${name}`)].join(' ')}\` says what each has left`,
        ]),
    'until then use `ingot build RECIPE --no-slim`, and report the library and the rule gpu-code',
  ]
}

/** The likeliest cause: code for this very GPU was never asked for. */
function otherGpu(boots: readonly BootReport[], targets: readonly string[]): string[] {
  const wanted = targets.map((target) => architectureNumber(parseArchitecture(target)))
  const capabilities = boots
    .flatMap(({ machine }) => machine?.gpus ?? [])
    .flatMap(({ capability }) => capability ?? [])
  const other = capabilities.find((capability) => !wanted.includes(Math.round(capability * 10)))
  return other === undefined
    ? []
    : [
        `a GPU here has compute capability ${other.toFixed(1)} and the image has code for ${targets.join(', ')}: name this GPU in target.gpu and build again`,
      ]
}
