import { everyInterface, offline, type ReservedSettings, use } from './reserved.ts'

/** What every image sets, with its value: no home but /tmp, no network, no telemetry. */
export const imageVariables = {
  HOME: '/tmp',
  USER: 'ingot',
  LOGNAME: 'ingot',
  DO_NOT_TRACK: '1',
  HF_HUB_OFFLINE: '1',
  HF_HUB_DISABLE_TELEMETRY: '1',
  TRANSFORMERS_OFFLINE: '1',
} as const satisfies Record<string, string>

const user = 'images run as any user, without a home but /tmp; leave it out'
const loader =
  'what the loader and the interpreter load is part of the image and is looked at before it ships; put it into the base (image.base)'

const common: Readonly<Record<string, string>> = {
  HOME: user,
  USER: user,
  LOGNAME: user,
  DO_NOT_TRACK: offline,
  HF_HUB_OFFLINE: offline,
  HF_DATASETS_OFFLINE: offline,
  HF_EVALUATE_OFFLINE: offline,
  HF_HUB_DISABLE_TELEMETRY: offline,
  DISABLE_TELEMETRY: offline,
  TRANSFORMERS_OFFLINE: offline,
  VLLM_USE_MODELSCOPE: offline,
  SGLANG_USE_MODELSCOPE: offline,
  PATH: 'programs are found where the engine’s definition says; name the base that has others in image.base',
  TMPDIR: '/tmp is the one place that is writable for every user; leave it out',
  VIRTUAL_ENV: 'the environment of Python is part of the image; name another base in image.base',
  HOST: everyInterface,
  HOSTNAME: everyInterface,
  PORT: use('serving.port'),
}

/** Families of variables, each with a name that people know. */
const families: readonly { pattern: RegExp; instead: string }[] = [
  { pattern: /^LD_/, instead: loader },
  {
    pattern: /^(GLIBC_TUNABLES|GCONV_PATH|MALLOC_TRACE|GGML_BACKEND_PATH|BASH_ENV|ENV|IFS)$/,
    instead: loader,
  },
  {
    pattern:
      /^PYTHON(PATH|HOME|STARTUP|USERBASE|PLATLIBDIR|EXECUTABLE|INSPECT|BREAKPOINT|WARNINGS|PYCACHEPREFIX|SAFEPATH)$/,
    instead: loader,
  },
  {
    pattern:
      /^(OPENSSL_(CONF|MODULES|ENGINES)|(CUDA|NVTX)_INJECTION(32|64)_PATH|VK_((ADD_)?(IMPLICIT_)?LAYER_PATH|INSTANCE_LAYERS))$/,
    instead: loader,
  },
  { pattern: /^INGOT_/, instead: 'it is for the person who starts the container; docker run --env sets it' },
]

/**
 * Why a recipe cannot set this variable, as a hint; undefined for one that is free. A value that the image has anyway is
 * free as well.
 */
export function reservedVariable(
  name: string,
  value: string,
  { variables }: ReservedSettings,
): string | undefined {
  if (Object.entries(imageVariables).some(([own, set]) => own === name && set === value)) return undefined
  if (Object.hasOwn(variables, name)) return variables[name]
  if (Object.hasOwn(common, name)) return common[name]
  return families.find(({ pattern }) => pattern.test(name))?.instead
}
