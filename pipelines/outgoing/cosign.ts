import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { requireHostTool, runTool } from '../process/host-tool.ts'
import type { Settings } from '../settings/settings.ts'

/** How to sign: with the identity that the CI gives, or with a key, named as cosign names it. */
export type Signer = { type: 'keyless' } | { type: 'key'; key: string; isLogged: boolean }

export interface CosignContext {
  signer: Signer
  settings: Pick<Settings, 'programs'>
  signal?: AbortSignal
}

/** cosign set up for a signer. */
export interface Cosign {
  /** Throws `tool-failed`. `act` says what it was for. */
  run(act: string, args: readonly string[]): Promise<string>
  /** A place for files that cosign reads; gone afterwards. */
  folder: string
  /** Arguments of every command that signs. */
  signing: string[]
  /** The key's public half as PEM; undefined for identities, whose keys live for one signature. */
  publicKey(): Promise<string | undefined>
}

// It asks for neither a transparency log nor a time stamp, since both would publish what is signed and where.
const unlogged = '{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json"}'
// With it cosign does not go and ask the public instance for keys that nothing here was signed with.
const noRoots = '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}'

const keyHint =
  'see what it says; COSIGN_PASSWORD has to hold the password of the key, and be set and empty for one without'

/** Gives `act` a cosign. Throws `no-tool` where there is none. */
export async function withCosign<Result>(
  { signer, settings, signal }: CosignContext,
  act: (cosign: Cosign) => Promise<Result>,
): Promise<Result> {
  const program = await requireHostTool('cosign', settings.programs)
  const folder = await mkdtemp(join(tmpdir(), 'ingot-cosign-'))
  try {
    const [config, roots] = [join(folder, 'signing-config.json'), join(folder, 'trusted-root.json')]
    await Promise.all([writeFile(config, unlogged), writeFile(roots, noRoots)])
    const offline = ['--signing-config', config, '--trusted-root', roots]
    const run = (attempted: string, args: readonly string[]) =>
      runTool(program, args, {
        environment: settings.programs.environment,
        attempted,
        ...(signer.type === 'key' && { hint: keyHint }),
        ...(signal && { signal }),
      })
    return await act({
      folder,
      run,
      signing: [
        '--yes',
        ...(signer.type === 'key' ? ['--key', signer.key, ...(signer.isLogged ? [] : offline)] : []),
      ],
      publicKey: async () =>
        signer.type === 'keyless'
          ? undefined
          : await run(`read the key ${signer.key} with the password of COSIGN_PASSWORD`, [
              'public-key',
              '--key',
              signer.key,
            ]),
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
