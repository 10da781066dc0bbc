import type { Json } from '../../lib/json.ts'
import { valuesAt } from './answer-text.ts'
import { mixedReasoning, wrongCall } from './chat-checks.ts'
import type { JsonCheck, RuleOf } from './probe.ts'
import { schemaFaults } from './schema-faults.ts'
import { cosine, vectorFault } from './vectors.ts'
import { plainWords, wordErrorRate } from './words.ts'

/** What speaks against one statement about a JSON answer, in words; empty when nothing does. */
export function failedCheck(value: Json, check: JsonCheck): string[] {
  const found = valuesAt(value, check.at)
  switch (check.rule) {
    case 'paired':
      return failedPairs(found, check)
    case 'ranked':
      return failedRanking(value, check)
    case 'vector':
      return failedVectors(found, check)
    case 'call':
      return wrongCall(check.at === '' ? value : found[0], check)
    case 'apart':
      return mixedReasoning(found[0], check)
    case 'words':
      return wrongWords(found[0], check)
    case 'schema':
      return schemaFaults(found[0], check.schema).map((fault) => `${check.at} ${fault}`)
    default:
      return failedValue(value, found, check)
  }
}

type ValueCheck = Exclude<
  JsonCheck,
  RuleOf<'paired' | 'ranked' | 'vector' | 'schema' | 'words' | 'call' | 'apart'>
>

function failedValue(value: Json, found: readonly Json[], check: ValueCheck): string[] {
  const [first] = found
  const is = `${check.at} is ${shownAll(found)}`
  switch (check.rule) {
    case 'exists':
      return found.length > 0 ? [] : [`${check.at} is absent`]
    case 'equals':
      return JSON.stringify(first) === JSON.stringify(check.value)
        ? []
        : [`${is} instead of ${JSON.stringify(check.value)}`]
    case 'text':
      return typeof first === 'string' && first.trim() !== '' ? [] : [`${is} instead of a text`]
    case 'positive':
      return typeof first === 'number' && first > 0 ? [] : [`${is} instead of a number above 0`]
    case 'same': {
      const [other] = valuesAt(value, check.as)
      return found.length > 0 && JSON.stringify(first) === JSON.stringify(other)
        ? []
        : [`${is} and ${check.as} is ${JSON.stringify(other) ?? 'absent'}`]
    }
    case 'mentions':
      return failedMention(first, check).map((fault) => `${is} and ${fault}`)
    case 'has':
      return found.includes(check.value) ? [] : [`${is} and lacks "${check.value}"`]
  }
}

function failedMention(text: Json | undefined, { value, without }: RuleOf<'mentions'>): string[] {
  const words = typeof text === 'string' ? plainWords(text) : []
  if (!words.includes(value)) return [`does not say "${value}"`]
  return without !== undefined && words.includes(without) ? [`says "${without}" as well`] : []
}

function shownAll(found: readonly Json[]): string {
  return found.length === 0 ? 'absent' : JSON.stringify(found.length === 1 ? found[0] : found).slice(0, 200)
}

function failedVectors(found: readonly Json[], check: RuleOf<'vector'>): string[] {
  if (found.length === 0) return [`${check.at} is absent`]
  const faults = found.flatMap((value) => vectorFault(value, check) ?? [])
  return faults.slice(0, 1).map((fault) => `${check.at} ${fault}`)
}

function failedPairs(vectors: readonly Json[], { at, pairs }: RuleOf<'paired'>): string[] {
  if (vectors.length !== 2 * pairs) return [`${at} has ${vectors.length} vectors instead of ${2 * pairs}`]
  const apart = vectors.flatMap((vector, index) => {
    const partner = index % 2 === 0 ? index + 1 : index - 1
    const related = cosine(vector, vectors[partner])
    const other = vectors.findIndex(
      (one, place) => place !== index && place !== partner && !(related > cosine(vector, one)),
    )
    return other < 0 ? [] : [{ index, partner, related, other, unrelated: cosine(vector, vectors[other]) }]
  })
  const words = (cos: number) => (Number.isNaN(cos) ? 'unknown' : cos.toFixed(3))
  return apart
    .slice(0, 1)
    .map(
      ({ index, partner, related, other, unrelated }) =>
        `related texts are no nearer than unrelated ones: of ${at} the cosine of ${index} and ${partner} is ${words(related)}, and of ${index} and ${other} ${words(unrelated)}`,
    )
}

function failedRanking(value: Json, { at, first, scoreAt, count }: RuleOf<'ranked'>): string[] {
  const list = at === '' ? value : valuesAt(value, at)[0]
  const items = (Array.isArray(list) ? list : []).map((item) => ({
    index: Number(valuesAt(item, 'index')[0]),
    score: valuesAt(item, scoreAt)[0],
  }))
  if (items.length === 0) return [`${at || 'the answer'} is ${shownAll([list ?? null])} instead of scores`]
  const places = new Set(items.map(({ index }) => index))
  if (items.length !== count || places.size !== count)
    return [
      `${at || 'the answer'} scores ${[...places].join(', ')} in ${items.length} items, and ${count} documents were sent`,
    ]
  const odd = items.find(({ score }) => typeof score !== 'number' || !Number.isFinite(score))
  if (odd !== undefined)
    return [`${at} has the score ${JSON.stringify(odd.score) ?? 'absent'} for ${odd.index}`]
  const ranked = items.toSorted((a, b) => Number(b.score) - Number(a.score))
  const [best, second] = ranked
  if (best?.index === first && best.score !== second?.score) return []
  const scores = ranked.map(({ index, score }) => `${index}: ${Number(score).toPrecision(4)}`)
  return [`document ${first} answers the query and is not ranked first (${scores.join(', ')})`]
}

function wrongWords(text: Json | undefined, { at, said, errorRate }: RuleOf<'words'>): string[] {
  if (typeof text !== 'string')
    return [`${at} is ${shownAll(text === undefined ? [] : [text])} instead of a text`]
  const rate = wordErrorRate(said, text)
  if (rate <= errorRate) return []
  const percent = (share: number) => `${Math.round(share * 100)} %`
  return [
    `${at} is ${JSON.stringify(text.slice(0, 200))}, and "${said}" was said: ${percent(rate)} of its words are wrong, at most ${percent(errorRate)} may be`,
  ]
}
