/** Whether a file is a GGUF model by its name: a single file or a first shard, no projector and no importance matrix. */
export function isGgufModel(path: string): boolean {
  return isGguf(path) && !isProjectorName(path) && !isImatrixName(path) && !isLaterShard(path)
}

export function isGguf(path: string): boolean {
  return /\.gguf$/i.test(path)
}

/** `mmproj-F16.gguf`, `NAME-mmproj-f16.gguf`: the part of a multimodal model that turns images or sound into embeddings. */
export function isProjectorName(path: string): boolean {
  return /mmproj[^/]*\.gguf$/i.test(path)
}

/** Statistics for quantising. A model whose name tells that it was made with them has its own type in the name as well. */
export function isImatrixName(path: string): boolean {
  return /(^|\/)imatrix[^/]*$|[._-]imatrix\.(dat|gguf_file)$|\.imatrix$/i.test(path)
}

function isLaterShard(path: string): boolean {
  return /-(?!00001-)\d{5}-of-\d{5}\.gguf$/i.test(path)
}

/** Names of all shards when a name is one of several (`-00001-of-00003.gguf`), else the name alone. */
export function ggufShards(name: string): string[] {
  const match = /^(.*)-\d{5}-of-(\d{5})(\.gguf)$/i.exec(name)
  if (!match) return [name]
  return Array.from(
    { length: Number(match[2]) },
    (_, index) => `${match[1]}-${String(index + 1).padStart(5, '0')}-of-${match[2]}${match[3]}`,
  )
}
