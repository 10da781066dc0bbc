import { toolFolder } from '../../tools/find.ts'

/** kubeconform's place of the schemas of Kubernetes; its own are on GitHub, where a test has no business. */
export function kubernetesSchemas(): string {
  return `${toolFolder('kubernetes-schemas')}/{{ .ResourceKind }}{{ .KindSuffix }}.json`
}
