import type { RunFacts } from './facts.ts'

/** The head of every run file: what it starts and where its figures come from. */
export function commentOf({ name, model, origins }: RunFacts): string[] {
  return [
    `# ${name} serves ${model}. Made by \`ingot run-files\`; make it again after a build.`,
    ...origins.map((line) => `# ${line}`),
  ]
}

/** Whole MiB, rounded up. */
export function mebibytes(sizeBytes: number): number {
  return Math.ceil(sizeBytes / 1024 ** 2)
}

/** Ports below 1024 need a word with the kernel where the user is not root. */
export function needsLowPort({ port }: RunFacts): boolean {
  return port < 1024
}
