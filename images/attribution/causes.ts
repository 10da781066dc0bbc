import picomatch from 'picomatch'
import { engines } from '../engines/engines.ts'
import { ownFolder } from '../engines/own-runtime.ts'

/** Why bytes are in an image. Kernels for GPUs come on top, one cause an architecture. */
export const causes = [
  'base system',
  'Python',
  'CUDA libraries',
  'torch',
  'engine',
  'weights',
  'our files',
  'own code',
  'other',
] as const
export type Cause = (typeof causes)[number]

/** What belongs to a cause, wherever an image got it from. Paths are globs from the root of the image. */
export interface CauseRule {
  cause: Cause
  paths: readonly string[]
  /** Globs of distributions of the Python package index, in their normalised spelling. */
  distributions?: readonly string[]
  /** Globs of Debian packages. */
  packages?: readonly string[]
}

const wheels = '/**/{site,dist}-packages'
const cudaNames =
  '{cublas,cublasLt,cudart,cudnn,cudla,cufft,cufftw,cufile,cupti,curand,cusolver,cusolverMg,cusparse,cusparseLt,nccl,nppc,nppi*,nvblas,nvinfer,nvJitLink,nvjitlink,nvjpeg,nvToolsExt,nvrtc,nvshmem,nvvm,nvonnxparser,checkpoint,accinj64}'

/** The first rule that matches decides, so that a CUDA library inside torch's folder counts as a CUDA library. */
export const causeRules: readonly CauseRule[] = [
  {
    cause: 'weights',
    paths: [
      '/models/**',
      '{,/**}/*.{safetensors,gguf,ggml,ggla}',
      '/**/{pytorch_model,consolidated,model}*.{bin,pth}',
      '/**/blobs/sha256-*',
      '/**/models--*/**',
    ],
  },
  { cause: 'our files', paths: ['/usr/local/lib/ingot/**'] },
  // Wheels that a recipe adds to an engine without Python; its files are told by their layer.
  { cause: 'own code', paths: [`${ownFolder}/**`] },
  {
    cause: 'CUDA libraries',
    paths: [
      `${wheels}/nvidia/**`,
      `${wheels}/nvidia_*/**`,
      `${wheels}/{cuda,cuda_*,cupy*,cudnn*,pynvml*,tensorrt,tensorrt-*,tensorrt_cu*,tensorrt_libs*,tensorrt_bindings*}/**`,
      '/usr/local/cuda*/**',
      '/usr/local/tensorrt/**',
      '/opt/nvidia/**',
      '/opt/tensorrt/**',
      '/usr/include/{cudnn,nccl,nv}*',
      `/**/lib${cudaNames}{,_*,-*}.so*`,
      `/**/lib${cudaNames}{,_*,-*}.a`,
    ],
    distributions: ['nvidia-*', 'cuda-*', 'cupy*', 'tensorrt', 'tensorrt-cu*', 'tensorrt-libs', 'pynvml'],
    packages: [
      'cuda-*',
      'libcu{da,dart,blas,fft,pti,rand,solver,sparse}*',
      'libnccl*',
      'libnpp*',
      'libnv{idia,infer,jitlink,jpeg,rtc,vm,toolsext,-}*',
      'tensorrt*',
      'libcudnn*',
      'nsight-*',
    ],
  },
  {
    cause: 'torch',
    paths: [
      `${wheels}/{torch,torch-*,torchgen,functorch,torchvision*,torchaudio*,torio*,torchao*,torchcodec*,triton,triton-*,triton_kernels*,tokenspeed_triton*,pytorch_triton*}/**`,
      `${wheels}/torchvision.libs/**`,
    ],
    distributions: [
      'torch',
      'torch-*',
      'torchvision',
      'torchaudio',
      'torchao',
      'torchcodec',
      'triton',
      'tokenspeed-triton',
      'pytorch-triton*',
    ],
    packages: ['libtorch*', 'python3-torch*'],
  },
  {
    cause: 'engine',
    paths: [
      `${wheels}/{flashinfer*,flash_attn*,flash_mla*,deep_gemm*,deep_ep*,xgrammar*,tilelang*,lmcache*}{,/**}`,
      ...engines.flatMap(({ traces }) => traces.paths),
    ],
    distributions: [
      ...['flashinfer*', 'flash-attn*', 'deep-gemm', 'deep-ep', 'xgrammar', 'tilelang', 'lmcache'],
      ...engines.flatMap(({ traces }) => traces.distributions),
    ],
    packages: engines.flatMap(({ traces }) => traces.packages),
  },
  {
    cause: 'Python',
    paths: [
      `${wheels}/**`,
      '/usr/lib/python3*/**',
      '/usr/local/lib/python3*/**',
      '/usr/include/python3*/**',
      '/usr/{,local/}bin/{python3*,pip*,uv,uvx}',
      '/usr/{lib,local/lib}/**/libpython3*',
      '/usr/share/python3/**',
      '/opt/*/lib/python3*/**',
      '/opt/*/{bin/**,pyvenv.cfg}',
      '/opt/{conda,venv,miniconda*}/**',
      '/{opt,root,usr/local}/**/uv/python/**',
    ],
    distributions: ['*'],
    packages: ['python3*', 'libpython3*', 'python-*'],
  },
  {
    cause: 'base system',
    paths: [
      '/{bin,sbin,lib,lib32,lib64,libx32,usr,etc,var,boot,srv,media,mnt,root,home,run,tmp,dev}',
      '/{bin,sbin,lib,lib32,lib64,libx32,usr,etc,var,boot,srv,media,mnt,root,home,run,tmp,dev}/**',
    ],
    packages: ['*'],
  },
]

/** What a plan knows better than any glob. */
export interface KnownPaths {
  /** Globs of the engine itself. */
  engine: readonly string[]
  /** Files that ingot writes. */
  own: readonly string[]
}

/** Tells the cause of a file by its path. */
export function causeFinder(known?: KnownPaths): (path: string) => Cause {
  const own = new Set(known?.own ?? [])
  const matchers = causeRules.map(({ cause, paths }) => {
    const globs = cause === 'engine' ? [...paths, ...(known?.engine ?? [])] : paths
    return { cause, matches: picomatch([...globs], { dot: true }) }
  })
  const found = new Map<string, Cause>()
  return (path) => {
    if (own.has(path)) return 'our files'
    const before = found.get(path)
    if (before) return before
    const cause = matchers.find(({ matches }) => matches(path))?.cause ?? 'other'
    found.set(path, cause)
    return cause
  }
}

/** The cause of a distribution of the Python package index, in its normalised spelling. */
export function causeOfDistribution(name: string): Cause {
  return causeByName(name, 'distributions')
}

export function causeOfPackage(name: string): Cause {
  return causeByName(name, 'packages')
}

function causeByName(name: string, kind: 'distributions' | 'packages'): Cause {
  return causeRules.find((rule) => picomatch.isMatch(name, [...(rule[kind] ?? [])]))?.cause ?? 'other'
}
