/**
 * How dangerous a removal is: `safe` never matters to a server; `jit` breaks compilation at run time;
 * `feature` removes something the recipe does not use.
 */
export type RiskClass = 'safe' | 'jit' | 'feature'

/** Paths to remove. Globs are anchored at the root of the image; `**` crosses folders. */
export interface SlimRule {
  id: string
  risk: RiskClass
  paths: readonly string[]
  reason: string
}

/**
 * Files of distribution packages stay only when something needs them: `roots` are programs and plug-ins the server
 * starts or loads by name, `data` is what it opens without linking to it.
 */
export interface Closure {
  roots: readonly string[]
  data: readonly string[]
}

export interface SlimPolicy {
  rules: readonly SlimRule[]
  closure?: Closure
}

/** True for every image: nothing a server does needs these. */
export const commonRules: readonly SlimRule[] = [
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
    id: 'trust-store',
    risk: 'feature',
    paths: [
      '/etc/ssl/certs/**',
      '/etc/ca-certificates/**',
      '/etc/ca-certificates.conf',
      '/usr/share/ca-certificates/**',
    ],
    reason: 'an offline server opens no TLS connection; certificates of the build machine would hide here',
  },
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
    id: 'logs-and-temporary',
    risk: 'safe',
    paths: ['/var/log/**', '/tmp/**', '/run/**', '/var/tmp/**', '/root/**', '/home/**'],
    reason: 'left by the build',
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
      '/**/__pycache__/**',
      '/**/*.pyc',
    ],
    reason: 'needed to build software, not to run it',
  },
  {
    id: 'pseudo-file-systems',
    risk: 'safe',
    paths: ['/proc/**', '/sys/**', '/dev/**'],
    reason: 'mounted by the container runtime',
  },
]
