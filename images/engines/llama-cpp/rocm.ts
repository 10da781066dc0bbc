import type { Recipe } from '../../../recipes/recipe.ts'
import type { GpuRules } from '../../boot/probe.ts'
import { type Gpu, isAmd } from '../../memory/gpus.ts'
import type { NeededFiles, SlimRule } from '../../slim-rules/slimming.ts'
import type { AmdSupport } from '../engine-facts.ts'

/** Debian's back end for HIP, which brings rocBLAS, hipBLAS and AMD's runtime. */
export const rocmPackages = ['libggml0-backend-hip']

/** Read from libggml0-backend-hip 0.27.0-1 and librocblas4 6.4.4-4: both have code for these and no others. */
export const debianRocm: AmdSupport = {
  rocm: '6.4',
  processors: [
    ...['gfx803', 'gfx900', 'gfx906', 'gfx908', 'gfx90a'],
    ...['gfx1010', 'gfx1030', 'gfx1100', 'gfx1101', 'gfx1102'],
  ],
}

const kernels = '/usr/lib/**/rocblas/*/library'

/**
 * rocBLAS's kernels of the card, and tables that hold for all; HIP opens its compiler by name, which makes the kernels that copy and fill
 * memory when the server starts.
 */
export function rocmSlimming(
  _: Recipe,
  gpu: Gpu | null,
): { rules: readonly SlimRule[]; closure: NeededFiles } {
  const processor = gpu !== null && isAmd(gpu) ? gpu.architecture : null
  const own = processor === null ? [`${kernels}/*`] : namesOf(processor)
  return {
    rules: processor === null ? [] : [otherKernels(processor)],
    closure: {
      roots: ['/usr/lib/**/libamd_comgr.so.*'],
      data: [...own, '/usr/share/libdrm/*'],
    },
  }
}

function otherKernels(processor: string): SlimRule {
  return {
    id: 'rocblas-other-processors',
    risk: 'safe',
    paths: [`${kernels}/*_gfx*`, `${kernels}/*-gfx*`],
    except: namesOf(processor),
    reason: `kernels of rocBLAS for other processors than ${processor}`,
  }
}

/** `TensileLibrary_..._gfx90a.co`, `Kernels.so-000-gfx90a-xnack+.hsaco`, and tables of any processor's fallback. */
function namesOf(processor: string): string[] {
  return [`${kernels}/*[_-]${processor}.*`, `${kernels}/*[_-]${processor}-*`, `${kernels}/*_fallback.dat`]
}

/** Kernels that HIP makes at the start are kept where any user may write. */
export const rocmEnvironment = { AMD_COMGR_CACHE_DIR: '/tmp/comgr' }

/** `using device ROCm0 (AMD Radeon RX 7900 XTX) (0000:03:00.0)`; the form is ggml's for every device, no card has shown this one. */
export const rocmRules: Partial<GpuRules> = {
  deviceLine: 'using device (?<device>ROCm\\d+ \\(.*\\)) \\(',
  bufferLines: '(?<device>ROCm\\d+) +\\w+ buffer size = +(?<mib>[\\d.]+) MiB',
}
