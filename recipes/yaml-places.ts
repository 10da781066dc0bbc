import type { Key } from './literal-secrets.ts'
import type { YamlDocument } from './yaml-text.ts'

/** Offset of a key or its value in the text of a document; of what is missing, that of the map it would stand in. */
export function offsetOf(document: YamlDocument, path: Key[], part: 'key' | 'value'): number {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const parent = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true)
    const offset = offsetIn(parent, path[depth - 1], part === 'key' || depth < path.length)
    if (offset !== undefined) return offset
  }
  return 0
}

interface IssueRange {
  range?: [number, number, number] | null
}

function offsetIn(parent: unknown, key: Key | undefined, wantKey: boolean): number | undefined {
  // yaml's node classes carry `items`; a scalar or alias has none and falls through.
  const items = (parent as { items?: unknown[] } | null)?.items
  if (!items) return undefined
  if (typeof key === 'number') return (items[key] as IssueRange | undefined)?.range?.[0]
  const pair = items.find((item) => String((item as { key?: { value?: unknown } }).key?.value) === key) as
    | { key: IssueRange; value: IssueRange | null }
    | undefined
  return (wantKey ? pair?.key : (pair?.value ?? pair?.key))?.range?.[0]
}
