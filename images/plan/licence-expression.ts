import { spdxLicence } from './licence.ts'

/**
 * A licence as people and hubs write it, as an SPDX expression: identifiers in SPDX's own letters, `LicenseRef-NAME` for
 * what SPDX does not list, such as the licences of models. Words that join identifiers stay.
 * https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/
 */
export function licenceExpression(text: string): string {
  const words = text.trim().split(/(\s+(?:and|or|with)\s+|[()])/i)
  const isExpression = words.length > 1 && words.every(isWordOfExpression)
  if (!isExpression) return identifierOf(text.trim())
  return words.map((word) => (isJoin(word) ? joinOf(word) : identifierOf(word.trim()))).join('')
}

const joinPattern = /^\s+(?:and|or|with)\s+$/i

function isJoin(word: string): boolean {
  return joinPattern.test(word) || word === '(' || word === ')' || word.trim() === ''
}

/** Identifiers are one word: `Llama 3.1 and its policy` is a name, and no expression. */
function isWordOfExpression(word: string): boolean {
  return isJoin(word) || !/\s/.test(word.trim())
}

function joinOf(word: string): string {
  return joinPattern.test(word) ? ` ${word.trim().toUpperCase()} ` : word.trim()
}

/** GNU licences carry in their identifier which versions are meant; the Hub's short names do not say it. */
const gnu = /^(a|l)?gpl-(\d)\.(\d)(-only|-or-later)?$/i

function identifierOf(text: string): string {
  const known = spdxLicence(text)
  if (known !== undefined) return known
  const [, kind = '', major, minor, which] = gnu.exec(text) ?? []
  if (which !== undefined) return `${kind.toUpperCase()}GPL-${major}.${minor}${which.toLowerCase()}`
  if (/^LicenseRef-[A-Za-z0-9.-]+$/.test(text)) return text
  const name = text.replaceAll(/[^A-Za-z0-9.]+/g, '-').replaceAll(/^-+|-+$/g, '')
  return name === '' ? 'NOASSERTION' : `LicenseRef-${name}`
}
