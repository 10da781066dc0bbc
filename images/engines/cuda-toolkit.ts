import { distributionsOf, type LockedRuntime } from '../../recipes/lock.ts'
import type { EngineRuntime } from './engine.ts'
import type { PackageLink } from './engine-facts.ts'
import { packagesOf } from './python-environment.ts'

/** Where wheels of CUDA 13 put nvcc, its headers and its libraries. */
const folder = 'nvidia/cu13'

/** What must be of one release: newer headers of CCCL refuse a compiler of another (`cuda/std/__cccl/cuda_toolkit.h`). */
const parts = ['nvidia-cuda-nvcc', 'nvidia-cuda-crt', 'nvidia-nvvm', 'nvidia-cuda-runtime']

/** What an environment of wheels gets, so that those who compile kernels when they are first used find a toolkit. */
export const cudaToolkit = {
  /**
   * torch pins the runtime and this distribution; its extras pin a compiler and headers to it. Alone, other distributions ask for any
   * compiler: of SGLang 0.5.23 the newest came, 13.5, beside headers of 13.0, and no kernel of FlashInfer compiled.
   */
  toolkit: ['cuda-toolkit[nvcc,cccl]'],
  /** They look in `lib64`, and the linker for a name without a version (flashinfer/jit/cpp_ext.py 0.7.2, tvm_ffi/cpp/extension.py 0.1.11). */
  links: [
    { at: `${folder}/lib64`, to: 'lib' },
    { at: `${folder}/lib/libcudart.so`, to: 'libcudart.so.13' },
  ] satisfies PackageLink[],
}

/**
 * Folder of the toolkit that the locked wheels make; null without one, and where its parts are of different releases: FlashInfer would
 * be switched on by the name of the folder alone, and end the server with the first kernel.
 */
export function toolkitOf({ device, source }: EngineRuntime, locked: LockedRuntime): string | null {
  if (device !== 'cuda' || source.type !== 'python') return null
  const versions = new Map(distributionsOf(locked).map(({ name, version }) => [name, version]))
  const releases = new Set(parts.map((name) => releaseOf(versions.get(name))))
  return releases.size === 1 && !releases.has(undefined) ? `${packagesOf(source)}/${folder}` : null
}

/** 13.0 of 13.0.88. */
function releaseOf(version: string | undefined): string | undefined {
  return version?.split('.').slice(0, 2).join('.')
}
