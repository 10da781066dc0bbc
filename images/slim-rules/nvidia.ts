import { type CompilerNeed, inPackages, type WheelRule } from './rule.ts'

/** CUDA 13 wheels share nvidia/cu13, those of CUDA 12 have a folder each. */
const cudaLibrary = (name: string) => inPackages(`nvidia/*/lib/${name}`)

export const nvidiaRules: readonly WheelRule[] = [
  {
    id: 'cutlass-dsl-cuda-12',
    distribution: 'nvidia-cutlass-dsl-libs-cu12',
    // The runtime without a suffix is that of CUDA 13, which no driver of CUDA 12 runs.
    beside: ['nvidia-cutlass-dsl-libs-cu13', 'nvidia-cuda-runtime'],
    risk: 'safe',
    paths: inPackages(
      'nvidia_cutlass_dsl/cu12/**',
      'nvidia_cutlass_dsl/dsl_packages/cutlass/_mlir/_mlir_libs/_cutlass_ir.cu12.*.so',
    ),
    reason: 'the compiler for CUDA 12 beside the one for CUDA 13',
    evidence:
      '235.2 MB in 4.8.0; _mlir_libs/__init__.py takes the newest that the driver runs, and without a driver the newest',
  },
  {
    id: 'cuda-bindings-sources',
    distribution: 'cuda-bindings',
    risk: 'safe',
    paths: inPackages('cuda/bindings/**/*.{cpp,c}'),
    reason: 'what Cython wrote for the C++ compiler; the libraries made of it stand beside it',
    evidence: '61 MB in 13.5.0; no Python file of the package names one',
  },
  ...['nvidia-cuda-runtime', 'nvidia-cuda-runtime-cu12'].map(
    (distribution): WheelRule => ({
      id: `${distribution}-static`,
      distribution,
      risk: 'jit',
      paths: cudaLibrary('libcuda{rt_static,devrt}.a'),
      reason: 'static runtime',
      evidence: '2.7 MB in 13.x; nvcc links the first by default (-cudart=static) and the second with -rdc',
    }),
  ),
  ...['nvidia-cusolver', 'nvidia-cusolver-cu12'].map(
    (distribution): WheelRule => ({
      id: `${distribution}-multi-gpu`,
      distribution,
      risk: 'safe',
      paths: cudaLibrary('libcusolverMg.so.*'),
      reason: 'the multi-GPU solver, an API of its own that no engine calls',
      evidence:
        '107.0 MB in 12.4.1.2; readelf -d over torch 2.14.0, vllm 0.33.0 and 14 nvidia wheels: no NEEDED, no file holds its name but itself',
    }),
  ),
  ...['nvidia-cublas', 'nvidia-cublas-cu12'].map(
    (distribution): WheelRule => ({
      id: `${distribution}-nvblas`,
      distribution,
      risk: 'safe',
      paths: cudaLibrary('libnvblas.so.*'),
      reason: 'replaces a CPU BLAS through LD_PRELOAD only',
      evidence: '0.7 MB in 13.10.0.20; no NEEDED over the same files',
    }),
  ),
  ...['nvidia-cufft', 'nvidia-cufft-cu12'].map(
    (distribution): WheelRule => ({
      id: `${distribution}-fftw`,
      distribution,
      risk: 'safe',
      paths: cudaLibrary('libcufftw.so.*'),
      reason: 'FFTW names for programs that were written for FFTW',
      evidence: '2.1 MB in 12.5.0.14; no NEEDED over the same files',
    }),
  ),
  ...['nvidia-cuda-cupti', 'nvidia-cuda-cupti-cu12'].map(
    (distribution): WheelRule => ({
      id: `${distribution}-counters`,
      distribution,
      risk: 'feature',
      paths: cudaLibrary('lib{nvperf_host,nvperf_target,pcsamplingutil,checkpoint}*.so*'),
      reason: 'hardware counters of the profiler; libcupti itself stays, libtorch_cpu.so needs it to load',
      evidence: '42.7 MB in 13.5.25; no NEEDED; torch imports and runs without them',
    }),
  ),
  ...['nvidia-nvshmem-cu13', 'nvidia-nvshmem-cu12'].flatMap(nvshmemRules),
  ...['nvidia-nccl-cu13', 'nvidia-nccl-cu12'].map(
    (distribution): WheelRule => ({
      id: `${distribution}-device`,
      distribution,
      risk: 'jit',
      paths: inPackages('nvidia/nccl/lib/libnccl_device.{ltoir,bc}'),
      reason: 'device code to be linked into kernels compiled at run time',
      evidence: '16.0 MB in 2.32.3; neither torch 2.14.0 nor vllm 0.33.0 holds either name',
    }),
  ),
  ...[
    'nvidia-cuda-runtime',
    'nvidia-cuda-nvrtc',
    'nvidia-cublas',
    'nvidia-cudnn-cu13',
    'nvidia-nccl-cu13',
    'nvidia-nvshmem-cu13',
  ].map(
    (distribution): WheelRule => ({
      id: `${distribution}-headers`,
      distribution,
      risk: 'jit',
      paths: inPackages('nvidia/*/include/**'),
      reason: 'headers for nvcc and NVRTC',
      evidence: '14.3 MB over all of nvidia/*/include; without nvcc in the image only NVRTC users read them',
    }),
  ),
]

function nvshmemRules(distribution: string): WheelRule[] {
  return [
    {
      id: `${distribution}-static`,
      distribution,
      risk: 'safe',
      paths: inPackages(
        'nvidia/nvshmem/lib/libnvshmem_device.a',
        'nvidia/nvshmem/share/**',
        'nvidia/nvshmem/bin/**',
      ),
      reason: 'static device library and documentation',
      evidence: '7.0 MB in 3.8.0; no nvcc in the image, so nothing links it',
    },
    ...bitcodeRules(distribution),
    {
      id: `${distribution}-bitcode`,
      distribution,
      risk: 'jit',
      paths: inPackages('nvidia/nvshmem/lib/libnvshmem_device*.bc'),
      reason: 'device code that Triton links into kernels which talk to other GPUs',
      evidence:
        '31.2 MB in 3.4.5, 203.1 MB in 3.8.0; opened by torch/distributed/_symmetric_memory/_nvshmem_triton.py only',
    },
    {
      id: `${distribution}-transports`,
      distribution,
      risk: 'feature',
      paths: inPackages('nvidia/nvshmem/lib/nvshmem_{transport,bootstrap}_*'),
      reason: 'networks between machines; one server needs none',
      evidence: '6.7 MB in 3.8.0; six of them need libmlx5, libfabric, MPI or UCX, which no wheel brings',
    },
  ]
}

function bitcodeRules(distribution: string): WheelRule[] {
  return [75, 80, 89, 90, 100].map((number, index, numbers) => ({
    id: `${distribution}-bitcode-sm-${number}`,
    distribution,
    versions: '>=3.8.0',
    risk: 'safe',
    serves: [{ from: number, below: numbers[index + 1] ?? 1000 }],
    paths: inPackages(`nvidia/nvshmem/lib/libnvshmem_device_sm_${number}.bc`),
    reason: 'device code of NVSHMEM for other GPUs than the targets',
    evidence: '32.0 MB (75, 80, 89) or 53.6 MB (90, 100) in 3.8.0; the file for the target is class jit',
  }))
}

export const nvidiaNeeds: readonly CompilerNeed[] = [
  {
    compiler: 'deep-gemm',
    paths: inPackages(
      'nvidia/*/lib/libnvrtc.so.*',
      'nvidia/*/lib/libnvrtc-builtins.so.*',
      'nvidia/*/include/cuda_runtime.h',
    ),
    reason: 'NVRTC is also NEEDED by libtorch_cuda.so',
  },
  {
    compiler: 'triton',
    paths: inPackages('nvidia/nvshmem/lib/libnvshmem_device.bc'),
    reason: 'linked into kernels over symmetric memory',
  },
]
