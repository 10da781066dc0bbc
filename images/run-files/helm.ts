import type { Json } from '../../lib/json.ts'
import type { RunFacts } from './facts.ts'
import { chartSchema, chartValues } from './helm-values.ts'
import { type JsonObject, podSpec, resources, serverVariables } from './kubernetes-pod.ts'
import { claims } from './kubernetes-weights.ts'
import { notesOf } from './notes.ts'
import { anywhere, type Placement } from './placement.ts'
import type { RunFile } from './targets.ts'
import { commentOf } from './words.ts'
import { yamlOf } from './yaml.ts'

/** Files of a chart below a folder of its name: the objects of the Kubernetes file, with what a site changes as values. */
export function helmChart(facts: RunFacts, placement: Placement): RunFile[] {
  const head = `${commentOf(facts, notesOf('helm', facts, placement)).join('\n')}\n`
  const values = chartValues(facts, placement, resources(facts), serverVariables(facts, placement) ?? [])
  const files: Record<string, string> = {
    'Chart.yaml': yamlOf(chart(facts)),
    'values.yaml': `${head}${yamlOf(values)}`,
    'values.schema.json': `${JSON.stringify(chartSchema(values), null, 2)}\n`,
    'templates/deployment.yaml': template(deployment(facts)),
    'templates/service.yaml': template(service(facts)),
    'templates/networkpolicy.yaml': onlyIf('.Values.networkPolicy', template(policy(facts))),
    ...claimFile(facts),
  }
  return Object.entries(files).map(([path, content]) => ({ name: `${facts.name}/${path}`, content }))
}

function chart({ name, model, version }: RunFacts): Json {
  return {
    apiVersion: 'v2',
    name,
    description: `Serves ${model}. Made by ingot run-files.`,
    type: 'application',
    version: '0.1.0',
    appVersion: version,
    // Probes, policies and the restricted standard are in every cluster from it on.
    kubeVersion: '>=1.25.0-0',
  }
}

const release = '{{ .Release.Name }}'

function selector({ name }: RunFacts): Record<string, string> {
  return { 'app.kubernetes.io/name': name, 'app.kubernetes.io/instance': release }
}

function labels(facts: RunFacts): Record<string, string> {
  return {
    ...selector(facts),
    'app.kubernetes.io/managed-by': '{{ .Release.Service }}',
    'app.kubernetes.io/version': facts.version.replaceAll('+', '_'),
    'app.kubernetes.io/component': 'inference-server',
  }
}

function deployment(facts: RunFacts): JsonObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: release, labels: labels(facts) },
    spec: {
      replicas: int('replicas'),
      selector: { matchLabels: selector(facts) },
      strategy: facts.gpus === 0 ? undefined : { type: 'Recreate' },
      template: { metadata: { labels: labels(facts) }, spec: pod(facts) },
    },
  }
}

function pod(facts: RunFacts): JsonObject {
  const claim = '{{ .Values.weights.claim | default (printf `%s-weights` .Release.Name) }}'
  const weightsImage = '{{ .Values.weights.repository }}@{{ .Values.weights.digest }}'
  const { weights } = facts
  const placed: RunFacts = {
    ...facts,
    image: '{{ .Values.image.repository }}@{{ .Values.image.digest }}',
    weights: weights.type === 'image' ? { ...weights, reference: weightsImage } : weights,
  }
  return {
    ...podSpec(
      placed,
      { ...anywhere, claim },
      { container: { env: block('env'), resources: block('resources') } },
    ),
    runtimeClassName: block('runtimeClassName'),
    nodeSelector: block('nodeSelector'),
    tolerations: block('tolerations'),
    imagePullSecrets: block('imagePullSecrets'),
  }
}

function policy(facts: RunFacts): JsonObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: release, labels: labels(facts) },
    spec: {
      podSelector: { matchLabels: selector(facts) },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ ports: [{ port: facts.port, protocol: 'TCP' }] }],
      egress: [],
    },
  }
}

function service(facts: RunFacts): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: release, labels: labels(facts) },
    spec: {
      selector: selector(facts),
      ports: [{ name: 'http', port: facts.port, targetPort: 'http' }],
    },
  }
}

function claimFile(facts: RunFacts): Record<string, string> {
  if (claims(facts, anywhere).length === 0) return {}
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: `${release}-weights`, labels: labels(facts) },
    spec: {
      accessModes: ['ReadOnlyMany'],
      storageClassName: block('weights.storageClass'),
      resources: { requests: { storage: '{{ .Values.weights.size }}' } },
    },
  }
  return { 'templates/claim.yaml': onlyIf('not .Values.weights.claim', template(claim)) }
}

// Texts that `template` replaces; no name and no value of a run file begins with a dollar sign and a colon.
const int = (path: string) => `$:int:${path}`
const block = (path: string) => `$:block:${path}`

/** A template of an object whose texts may be expressions. Numbers stand without quotes; a value that is empty leaves its key out. */
function template(object: JsonObject): string {
  return yamlOf(object)
    .replaceAll(/"\$:int:([\w.]+)"/g, '{{ int .Values.$1 }}')
    .replaceAll(/^( *)([\w.]+): "\$:block:([\w.]+)"$/gm, (_, indent: string, key: string, path: string) =>
      [
        `${indent}{{- with .Values.${path} }}`,
        `${indent}${key}:`,
        `${indent}  {{- toYaml . | nindent ${indent.length + 2} }}`,
        `${indent}{{- end }}`,
      ].join('\n'),
    )
}

function onlyIf(condition: string, text: string): string {
  return `{{- if ${condition} }}\n${text}{{- end }}\n`
}
