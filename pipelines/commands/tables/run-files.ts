import type { CommandTable } from '../../command-line/option-table.ts'

export const runFilesTable = {
  name: 'run-files',
  summary: 'how to start an image, hardened as it was booted and sized as it was measured',
  positionals: { name: 'RECIPE|NAME|DIGEST', least: 1, most: 1 },
  options: {
    for: {
      kind: 'text',
      value: 'TOOL',
      values: ['docker', 'compose', 'kubernetes', 'quadlet', 'kserve', 'kserve-llm', 'helm'],
      isRequired: true,
      isRepeatable: true,
      help: 'what is to start it: kserve an InferenceService, kserve-llm an LLMInferenceService, helm a chart',
    },
    image: {
      kind: 'text',
      value: 'REPO',
      help: 'repository the image is published to; without this, the name a bundle loads it under',
    },
    to: { kind: 'text', value: 'FOLDER', help: 'write files there instead of stdout; a chart needs it' },
    gpus: {
      kind: 'text',
      value: 'INDEXES',
      help: 'docker, compose, quadlet: these GPUs, such as 0,2; without this, the first ones',
    },
    selinux: {
      kind: 'flag',
      help: 'docker, compose, quadlet: label the folder of weights for hosts that enforce SELinux',
    },
    claim: {
      kind: 'text',
      value: 'NAME',
      help: 'clusters: a PersistentVolumeClaim that holds the weights; without this, an empty one is asked for',
    },
    'storage-class': {
      kind: 'text',
      value: 'NAME',
      help: 'clusters: the StorageClass of that empty one; without this, the cluster’s usual one',
    },
    'node-selector': {
      kind: 'text',
      value: 'KEY=VALUE',
      isRepeatable: true,
      help: 'clusters: a label that the node must have',
    },
    toleration: {
      kind: 'text',
      value: 'KEY[=VALUE][:EFFECT]',
      isRepeatable: true,
      help: 'clusters: a taint that the node may have; without VALUE or EFFECT, any of them',
    },
    'runtime-class': { kind: 'text', value: 'NAME', help: 'clusters: the RuntimeClass, such as nvidia' },
    'pull-secret': {
      kind: 'text',
      value: 'NAME',
      isRepeatable: true,
      help: 'clusters: a Secret that pulls the image',
    },
    'secret-env': {
      kind: 'text',
      value: 'VARIABLE=SECRET/KEY',
      isRepeatable: true,
      help: 'a variable from a Secret (clusters), from the secret SECRET-KEY of Podman (quadlet), or from the environment of the caller',
    },
    unverified: { kind: 'flag', help: 'also for an image that no boot verified, without its figures' },
    json: { kind: 'flag', help: 'as JSON: a list of name and content' },
  },
} as const satisfies CommandTable
