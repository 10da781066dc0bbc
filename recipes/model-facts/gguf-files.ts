/** Whether a file is a GGUF model: a single file or a first shard, no projector for images. */
export function isGgufModel(path: string): boolean {
  return (
    path.endsWith('.gguf') && !/(^|\/)mmproj/i.test(path) && !/-(?!00001-)\d{5}-of-\d{5}\.gguf$/.test(path)
  )
}

/** Names of all shards when a name is one of several (`-00001-of-00003.gguf`), else the name alone. */
export function ggufShards(name: string): string[] {
  const match = /^(.*)-\d{5}-of-(\d{5})\.gguf$/.exec(name)
  if (!match) return [name]
  return Array.from(
    { length: Number(match[2]) },
    (_, index) => `${match[1]}-${String(index + 1).padStart(5, '0')}-of-${match[2]}.gguf`,
  )
}
