import picomatch from 'picomatch'
import type { RiskClass } from '../../recipes/recipe.ts'
import { isProcessor } from '../gpu-code/processors.ts'

export type { RiskClass }

/** Paths to remove. Globs are anchored at the root of the image; `**` crosses folders. */
export interface SlimRule {
  id: string
  risk: RiskClass
  paths: readonly string[]
  /** Globs of what stays although `paths` name it. */
  except?: readonly string[]
  reason: string
}

export function ruleMatcher(rule: SlimRule): (path: string) => boolean {
  return picomatch([...rule.paths], { dot: true, ignore: [...(rule.except ?? [])] })
}

/**
 * Files of distribution packages stay only when something needs them: `roots` are programs and plug-ins the server
 * starts or loads by name, `data` is what it opens without linking to it. Both stay whatever the rules say; `contents`
 * are roots as long as no rule names them.
 */
export interface NeededFiles {
  roots: readonly string[]
  data: readonly string[]
  contents?: readonly string[]
  /** What files outside of the tree load: libraries by their names, and loaders and programs by their paths. */
  loads?: readonly string[]
  /** Packages of the base's archive whose files are `contents` as well. */
  packages?: readonly string[]
}

/** What is changed inside files that stay. */
export interface Rewriting {
  /**
   * Architectures of the GPUs the image is for, such as `sm_90`: GPU code that none of them loads goes, and on an image for
   * CPUs, which has none, all of it. `any`: all stays. Processors of AMD are `gfx1100` and the like.
   */
  targets: readonly string[] | 'any'
  /** Whether symbol tables and debug sections, which no loader reads, leave shared objects. */
  symbols: boolean
  /** Whether Python's bytecode is marked as valid whatever the time of its source, since layers have one time. */
  bytecode: boolean
}

/** Why GPU code leaves libraries. */
export function gpuCodeReason(targets: Rewriting['targets']): string {
  if (targets === 'any' || targets.length === 0)
    return 'machine code and PTX inside libraries; the image computes on the CPU'
  return targets.every(isProcessor)
    ? `code inside libraries for other processors of AMD than ${targets.join(' and ')}`
    : `machine code and PTX inside libraries that ${targets.join(' and ')} cannot load or never chooses`
}

export interface SlimPolicy {
  rules: readonly SlimRule[]
  closure?: NeededFiles
  rewriting?: Rewriting
  /** What a slim image is not expected to have and has all the same, each with the reason. */
  kept?: readonly string[]
  /** The list of Debian packages names those of which nothing stays as removed; absent where it is the base's. */
  packageList?: 'told'
}

/** What no image may hold, not even one that nothing else is removed from: the build's own traces. */
export const stockRules: readonly SlimRule[] = [
  {
    id: 'build-machine',
    risk: 'safe',
    paths: [
      '/usr/local/share/ca-certificates/**',
      '/etc/resolv.conf',
      '/etc/hosts',
      '/etc/hostname',
      '/.dockerenv',
      '/.init',
    ],
    reason: 'put there by the machine or the engine that built the image, not by the image',
  },
  {
    id: 'pseudo-file-systems',
    risk: 'safe',
    paths: ['/proc/**', '/sys/**', '/dev/**'],
    reason: 'mounted by the container runtime',
  },
  {
    id: 'logs-and-temporary',
    risk: 'safe',
    paths: ['/var/log/**', '/tmp/**', '/run/**', '/var/tmp/**'],
    reason: 'left by the build',
  },
  {
    id: 'downloads',
    risk: 'safe',
    paths: ['/var/lib/apt/lists/**', '/var/cache/apt/**'],
    reason: 'package lists and files that the installation fetched',
  },
]

/**
 * Static libraries that gcc and nvcc link into what they compile at run time; where no compiler is, the closure takes them.
 * The C library's are empty since glibc 2.34 and asked for by name all the same.
 */
const linkedByCompilers = [
  ...['libcudart_static', 'libcudadevrt'],
  ...['libgcc', 'libgcc_eh', 'libc_nonshared', 'libssp_nonshared', 'libmvec', 'libstdc\\+\\+*'],
  ...['libm', 'libdl', 'libpthread', 'librt', 'libutil', 'libatomic'],
]

/** Certificates of the base: a recipe keeps them with `image.trust`. */
export const trustRule: SlimRule = {
  id: 'trust-store',
  risk: 'safe',
  paths: [
    '/etc/ssl/certs/**',
    '/etc/ca-certificates/**',
    '/etc/ca-certificates.conf',
    '/usr/share/ca-certificates/**',
  ],
  reason: 'an offline server opens no TLS connection; certificates of the build machine would hide here',
}

/** True for every image: nothing a server does needs these. */
export const commonRules: readonly SlimRule[] = [
  ...stockRules,
  trustRule,
  {
    id: 'package-manager',
    risk: 'safe',
    paths: [
      '/var/lib/apt/**',
      '/var/cache/**',
      '/var/lib/dpkg/info/**',
      '/var/lib/dpkg/*-old',
      '/var/lib/dpkg/triggers/**',
      '/etc/apt/**',
      '/var/backups/**',
    ],
    reason: 'lists, caches and scripts of package managers; the image is replaced, never upgraded in place',
  },
  {
    id: 'documentation',
    risk: 'safe',
    paths: [
      '/usr/share/doc/**',
      '/usr/share/man/**',
      '/usr/share/info/**',
      '/usr/share/lintian/**',
      '/usr/share/bug/**',
      '/usr/share/doc-base/**',
      '/usr/share/groff/**',
      '/usr/share/common-licenses/**',
    ],
    reason: 'documentation; licences stand in the SBOM',
  },
  {
    id: 'locales',
    risk: 'safe',
    paths: ['/usr/share/locale/**', '/usr/share/i18n/**', '/usr/lib/locale/locale-archive'],
    reason: 'messages in other languages; C.UTF-8 is part of libc',
  },
  {
    id: 'home-folders',
    risk: 'safe',
    paths: ['/root/**', '/home/**'],
    reason: 'settings and caches of users that no server runs as',
  },
  {
    id: 'build-leftovers',
    risk: 'safe',
    paths: [
      '/**/*.a',
      '/**/*.la',
      '/usr/lib/**/pkgconfig/**',
      '/usr/share/pkgconfig/**',
      '/usr/lib/**/cmake/**',
      '/usr/share/aclocal/**',
    ],
    except: linkedByCompilers.map((name) => `/**/${name}.a`),
    reason: 'needed to build software, not to run it',
  },
  {
    id: 'debug-files',
    risk: 'safe',
    paths: ['/**/*.dbg', '/usr/lib/debug/**'],
    reason: 'symbols for debuggers, beside the library that they are of',
  },
]
