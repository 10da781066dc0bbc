import type { SlimPolicy, SlimRule } from '../slim-rules/slimming.ts'
import type { Deployment, PythonSource } from './engine.ts'

/**
 * Caches of the libraries that Python engines share, all below /tmp: the only place that is writable in every profile.
 * Compilers of kernels load what they write there: vLLM's engine ends where `/.triton` cannot be written (llm-d#1430).
 */
export function pythonEnvironment({
  runtime,
  recipe,
  modelFolder,
  toolkit,
}: Deployment): Record<string, string> {
  const { source } = runtime
  return {
    ...(source.type === 'python'
      ? { PATH: `${source.folder}/bin:/usr/local/bin:/usr/bin:/bin`, VIRTUAL_ENV: source.folder }
      : {}),
    ...(toolkit === null ? {} : { CUDA_HOME: toolkit }),
    HF_HOME: '/tmp/huggingface',
    ...(recipe.weights.delivery === 'hf-cache' ? { HF_HUB_CACHE: modelFolder } : {}),
    HF_DATASETS_OFFLINE: '1',
    XDG_CACHE_HOME: '/tmp/cache',
    XDG_CONFIG_HOME: '/tmp/config',
    TRITON_CACHE_DIR: '/tmp/triton',
    TORCHINDUCTOR_CACHE_DIR: '/tmp/torchinductor',
    // Headers are compiled beside that folder, under the user's name, and by the program openssl (torch/_inductor/codecache.py of 2.13.0).
    ...(recipe.image.compileCache ? { TORCHINDUCTOR_CPP_CACHE_PRECOMPILE_HEADERS: '0' } : {}),
    TORCH_EXTENSIONS_DIR: '/tmp/torch-extensions',
    NUMBA_CACHE_DIR: '/tmp/numba',
    FLASHINFER_WORKSPACE_BASE: '/tmp/flashinfer',
    DG_JIT_CACHE_DIR: '/tmp/deep-gemm',
    TIKTOKEN_CACHE_DIR: '/tmp/tiktoken',
    MPLCONFIGDIR: '/tmp/matplotlib',
    CCACHE_DIR: '/tmp/ccache',
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
  }
}

/** Debian 12: Python 3.11, for which every wheel of the engines exists, in the base that the packing needs anyway. */
const base = 'debian:bookworm-slim'
export const debianPython = '/usr/bin/python3.11'

/** Where the environment of a source has its packages. */
export function packagesOf({ folder, interpreter }: Pick<PythonSource, 'folder' | 'interpreter'>): string {
  return `${folder}/lib/${interpreter.replace(/^.*\//, '')}/site-packages`
}

/** Compilers that Triton and torch start at run time for kernels: a C compiler and Python's headers. */
export const kernelCompilers = ['gcc', 'g++', 'libc6-dev', 'libpython3.11-dev']

export function pythonSource(
  own: Pick<PythonSource, 'distribution' | 'folder'> & Partial<PythonSource>,
): PythonSource {
  return {
    type: 'python',
    base,
    interpreter: debianPython,
    overrides: [],
    toolkit: [],
    aliases: [],
    links: [],
    ...own,
    packages: ['python3.11', 'libgomp1', ...(own.packages ?? [])],
  }
}

/** Python of the official images: Ubuntu's, whose site has the engine. Of SGLang's and NVIDIA's that is unconfirmed. */
export const imagePython = '/usr/bin/python3'

/** The interpreter that has the engine's packages. */
export function pythonOf({ runtime: { source } }: Deployment): string {
  return source.type === 'python' ? `${source.folder}/bin/python` : imagePython
}

/** Asks an official image for the version of an installed distribution. */
export function versionCommandOf(distribution: string): string[] {
  return [imagePython, '-c', `import importlib.metadata as m; print(m.version("${distribution}"))`]
}

/** Parts of well-known distributions that a server never opens. */
export const pythonEnvironmentRules: readonly SlimRule[] = [
  {
    id: 'python-installers',
    risk: 'safe',
    paths: [
      '/**/{site,dist}-packages/{pip,wheel,uv}/**',
      '/**/{site,dist}-packages/{pip,wheel,uv}-*.dist-info/**',
      '/usr/lib/python3*/{ensurepip,idlelib,turtledemo,lib2to3}/**',
      '/usr/share/python-wheels/**',
    ],
    reason: 'installers and Python’s own teaching tools; nothing is installed into a finished image',
  },
  {
    id: 'python-tests',
    risk: 'safe',
    paths: [
      '/**/{site,dist}-packages/{torch,triton,caffe2}/test/**',
      '/**/{site,dist}-packages/{numpy,scipy,pandas,sympy,networkx,numba,sklearn}/**/tests/**',
      '/usr/lib/python3*/test/**',
    ],
    reason: 'test suites of libraries',
  },
]

/** Why Python engines keep a shell. */
export const pythonShell =
  'Triton asks ldconfig through one, and Python’s platform and ctypes start one for what they look up'

/**
 * What stays of a Python runtime: of the environment and the standard library everything that no rule names, and of the
 * system what those link to, plus the programs that libraries start by name.
 */
export function pythonSlimming(
  source: PythonSource,
  more: {
    rules?: readonly SlimRule[]
    programs?: readonly string[]
    data?: readonly string[]
    kept?: readonly string[]
  } = {},
): SlimPolicy {
  return {
    rules: [...pythonEnvironmentRules, ...(more.rules ?? [])],
    closure: {
      roots: [
        `${source.interpreter}*`,
        // Triton asks `ldconfig -p` for libcuda, and `platform` and ctypes start a shell for what they look up.
        '/usr/sbin/ldconfig',
        '/usr/bin/{sh,dash}',
        ...(more.programs ?? []),
      ],
      data: ['/etc/ld.so.conf', '/etc/ld.so.conf.d/**', ...(more.data ?? [])],
      contents: [`${source.folder}/**`, '/usr/lib/python3*/**'],
    },
    kept: [`shell: ${pythonShell}`, ...(more.kept ?? [])],
  }
}

/**
 * What the compilers of Debian bring and a kernel never asks for: neither triton 3.8.0 nor torch 2.14.0 nor vllm 0.33.0 holds
 * one of the flags that do (-fsanitize, -flto, -fgnu-tm, -fuse-ld=gold, -pg), in any Python file.
 */
const compilerExtras: SlimRule = {
  id: 'compiler-extras',
  risk: 'safe',
  paths: [
    '/usr/lib/gcc/**/lib{asan,gcov,hwasan,itm,lsan,quadmath,tsan,ubsan}*',
    '/usr/lib/gcc/**/lto1',
    '/usr/lib/*-linux-gnu/lib{asan,gprofng,hwasan,itm,lsan,quadmath,tsan,ubsan}.so*',
    '/usr/bin/{,*-linux-gnu-}{dwp,gcov,gold,gp-,gprof,ld.gold,lto-dump}*',
  ],
  reason:
    'sanitizers, profilers, a second linker and optimising at link time, which nobody asks the compiler of kernels for',
}

/** What the compilers start and open besides the libraries they link to. */
export const compilerFiles = {
  rules: [compilerExtras],
  programs: [
    '/usr/bin/{gcc,g++,cc,c++,cpp,as,ar,nm,objdump,ranlib,strip}*',
    '/usr/bin/{,*-linux-gnu-}ld{,.bfd}',
    '/usr/bin/*-linux-gnu-!(dwp|gcov*|gold|gp-*|gprof*|ld.gold|lto-dump*)',
    '/usr/lib/gcc/**/!(lto1|lib*)',
    '/usr/lib/gcc/**/lib{atomic,gcc,gomp,lto_plugin,ssp,stdc,supc}*',
    '/usr/libexec/gcc/**',
  ],
  data: [
    '/usr/include/**',
    '/etc/alternatives/**',
    '/usr/lib/*-linux-gnu/*.{o,so}',
    '/usr/lib/*-linux-gnu/lib{c_nonshared,m,mvec,dl,pthread,rt,util}.a',
    '/usr/lib/*-linux-gnu/ldscripts/**',
  ],
  kept: [
    'gcc, g++ and headers of C, C++ and Python: Triton compiles a launcher for every kernel when it is first used, and inductor compiles C++',
  ],
}
