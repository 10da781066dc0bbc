import { type CompilerNeed, inPackages, type WheelRule } from './rule.ts'

const triton = 'triton'
const hopperUp = { from: 90, below: 1000 }
const beforeHopper = { from: 0, below: 90 }
const blackwellUp = { from: 100, below: 1000 }
const beforeBlackwell = { from: 0, below: 100 }

/** Rules for triton by what its folder is called; forks keep its layout. */
const layoutRules: readonly WheelRule[] = [
  {
    id: 'triton-static',
    distribution: triton,
    risk: 'safe',
    paths: inPackages('triton/**/*.a'),
    reason: 'static libraries of the profiler; nothing links at run time',
    evidence: '173.2 MB in 3.9.0; backends/nvidia/driver.py links libcuda.so.1 and no other library',
  },
  {
    id: 'triton-amd',
    distribution: triton,
    risk: 'safe',
    paths: inPackages('triton/backends/amd/{lib,include}/**'),
    reason: 'code generator and headers for AMD GPUs',
    evidence:
      '108.2 MB in 3.9.0. The .py files stay: backends/__init__.py imports every backend by its entry point and would fail; the library is opened by _load_amd_codegen only when a kernel is compiled for AMD',
  },
  {
    id: 'triton-development',
    distribution: triton,
    risk: 'safe',
    paths: inPackages(
      'triton/FileCheck',
      'triton/plugins/**',
      'triton/instrumentation/**',
      'triton/include/**',
    ),
    reason: "the compiler's own tests, sample plug-ins, and headers for plug-ins",
    evidence: '17.5 MB in 3.9.0; opened only when named in TRITON_PLUGIN_PATHS and LLVM_PASS_PLUGIN_PATH',
  },
  {
    id: 'triton-cupti-names',
    distribution: triton,
    risk: 'safe',
    paths: inPackages('triton/backends/nvidia/lib/cupti*/libcupti.so.*'),
    reason: 'two further copies of each CUPTI of the profiler, under names that it does not open',
    evidence:
      '27.2 MB in 3.8.0, equal by checksum; libproton.so holds libcupti.so as the only such name and opens it in that folder, and no NEEDED leads there',
  },
  {
    id: 'triton-profiler',
    distribution: triton,
    risk: 'feature',
    paths: inPackages('triton/backends/nvidia/lib/cupti*/**', 'triton/_C/libproton.so'),
    reason: 'Proton, the kernel profiler, with two copies of CUPTI and three names of each library',
    evidence:
      '134.8 MB in 3.9.0 besides its .a files, the copies of triton-cupti-names included; imported by triton.profiler only, which vllm.profiler and inductor import when profiling is asked for',
  },
  {
    id: 'triton-disassemblers',
    distribution: triton,
    risk: 'feature',
    paths: inPackages('triton/backends/nvidia/bin/{cuobjdump,nvdisasm}'),
    reason: 'print machine code of kernels for people',
    evidence: '5.8 MB in 3.9.0; used by triton/tools/disasm.py and by .asm["sass"] of a compiled kernel',
  },
]

const assemblerRules: readonly WheelRule[] = [
  {
    id: 'triton-ptxas-blackwell-3.6',
    distribution: triton,
    versions: '>=3.6.0 <3.9.0',
    risk: 'safe',
    serves: [blackwellUp],
    paths: inPackages('triton/backends/nvidia/bin/ptxas-blackwell'),
    reason: 'assembler for other GPUs than the targets',
    evidence:
      '48.3 MB in 3.8.0; get_ptxas of 3.6.0, 3.7.0 and 3.8.0: ptxas_blackwell if arch >= 100 else ptxas',
  },
  {
    id: 'triton-ptxas-3.6',
    distribution: triton,
    versions: '>=3.6.0 <3.9.0',
    risk: 'safe',
    serves: [beforeBlackwell],
    paths: inPackages('triton/backends/nvidia/bin/ptxas'),
    reason: 'assembler for other GPUs than the targets',
    evidence: '34.9 MB in 3.8.0; see triton-ptxas-blackwell-3.6',
  },
  {
    id: 'triton-ptxas-blackwell-3.9',
    distribution: triton,
    versions: '>=3.9.0 <3.10.0',
    risk: 'safe',
    serves: [hopperUp],
    paths: inPackages('triton/backends/nvidia/bin/ptxas-blackwell'),
    reason: 'assembler for other GPUs than the targets',
    evidence: '52.0 MB in 3.9.0; its get_ptxas: ptxas if arch < 90, else ptxas_blackwell',
  },
  {
    id: 'triton-ptxas-3.9',
    distribution: triton,
    versions: '>=3.9.0 <3.10.0',
    risk: 'safe',
    serves: [beforeHopper],
    paths: inPackages('triton/backends/nvidia/bin/ptxas'),
    reason: 'assembler for other GPUs than the targets',
    evidence: '34.9 MB in 3.9.0; see triton-ptxas-blackwell-3.9',
  },
]

/** A fork that tokenspeed-mla brings beside triton; it has one ptxas. */
const forkRules: readonly WheelRule[] = layoutRules.map((rule) => ({
  ...rule,
  id: `tokenspeed-${rule.id}`,
  distribution: 'tokenspeed-triton',
  paths: rule.paths.map((path) => path.replace('-packages/triton/', '-packages/tokenspeed_triton/')),
  evidence:
    'as in triton, whose layout 3.9.10.post20261028 has: AMD code generator 96.0 MB, opened in compiler.py of the AMD back end alone',
}))

export const tritonRules: readonly WheelRule[] = [...layoutRules, ...assemblerRules, ...forkRules]

export const tritonNeeds: readonly CompilerNeed[] = [
  {
    compiler: 'triton',
    paths: inPackages(
      'triton/backends/nvidia/include/cuda.h',
      'triton/backends/nvidia/driver.c',
      'triton/backends/nvidia/lib/libdevice.10.bc',
      'triton/_C/libtriton.so',
      'triton/backends/amd/compiler.py',
      'triton/backends/amd/driver.py',
    ),
    reason:
      'a C compiler builds driver.c against cuda.h and Python.h at the first kernel; math functions come from libdevice; both backends are imported at start',
  },
]
