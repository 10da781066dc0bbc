import type { Key } from './literal-secrets.ts'

/** Object stores, by the names and the schemes of addresses that people write. */
const objectStores = /^(s3|s3a|aws|gs|gcs|minio|r2|azure|az|abfss?|wasbs?|oss|cos|obs|swift|ceph)$/i
const schemes = /^([a-z][a-z0-9+.-]*):\/\//i

const takesFolder = 'then `source: { type: folder, path: FOLDER }`'

/** How to get what a source that ingot does not read holds; undefined for a word that is none. */
function wayFrom(kind: string): string | undefined {
  if (objectStores.test(kind))
    return `ingot reads no object store: copy it first (\`aws s3 sync\`, \`gcloud storage rsync\`, \`rclone sync\`), ${takesFolder}; one public object is \`type: url\` with its https address and sha256`
  if (/^model-?scope$/i.test(kind))
    return `ingot does not read ModelScope: \`modelscope download --model OWNER/NAME --local_dir FOLDER\`, ${takesFolder}; a mirror with the interface of the Hub is reached by HF_ENDPOINT`
  if (/^(git|github|gitlab|git\+https?|ssh)$/i.test(kind))
    return `ingot clones nothing: \`git clone\` it with \`git lfs pull\`, ${takesFolder}`
  if (/^(pvc|nfs|smb|hostpath|file|local|path|dir|directory)$/i.test(kind))
    return 'a folder that is mounted on this machine is `type: folder` with its path'
  if (/^(hf|hub|huggingface[-_]?hub|hugging[-_]?face)$/i.test(kind))
    return 'the Hub is `type: huggingface` with `repo: OWNER/NAME`'
  if (/^(docker|registry|image|modelcar|oras|modelpack|kitops)$/i.test(kind))
    return 'a model in a registry is `type: oci` with its `reference`'
  if (/^https?$/i.test(kind)) return 'one file of a web server is `type: url` with `url` and `sha256`'
  return undefined
}

/** What to write in place of a source that is not understood; undefined where the schema's own words are best. */
export function sourceHint(path: readonly Key[], found: unknown): string | undefined {
  if (path[0] !== 'weights' || path[1] !== 'source' || typeof found !== 'string') return undefined
  const [, scheme] = schemes.exec(found) ?? []
  const key = path[2]
  if (key === 'type') return wayFrom(found)
  if (key === 'repo') return repoHint(found) ?? (scheme === undefined ? undefined : wayFrom(scheme))
  if (key === 'reference') return 'write HOST/NAME:TAG or HOST/NAME@sha256:…, without a scheme before it'
  if (key !== undefined && key !== 'url' && key !== 'path') return undefined
  const way = scheme === undefined ? undefined : wayFrom(scheme)
  return (
    way ??
    (key === undefined ? 'a source is a map, such as { type: huggingface, repo: OWNER/NAME }' : undefined)
  )
}

/** A page of the Hub, or its name behind a scheme, has the repository in it. */
function repoHint(found: string): string | undefined {
  const [, repo] =
    /^(?:hf:\/\/|https?:\/\/[^/]+\/)([\w.-]+\/[\w.-]+)(?:\/(?:tree|blob)\/.*)?\/?$/.exec(found) ?? []
  return repo === undefined ? undefined : `write the repository alone: ${repo}`
}
