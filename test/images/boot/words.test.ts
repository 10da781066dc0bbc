import { expect, test } from 'vitest'
import { wordErrorRate } from '../../../images/boot/words.ts'

test.each([
  ['the same', 'One two three four.', ' one, two THREE four\n', 0],
  ['a word substituted', 'one two three four', 'one too three four', 0.25],
  ['a word left out', 'one two three four', 'one three four', 0.25],
  ['a word added', 'one two three four', 'one two and three four', 0.25],
  ['nothing heard', 'one two three four', '', 1],
  ['more added than was said', 'one', 'a b c d', 4],
  ['other letters', 'Überall ist’s schön', 'überall ist’s schön', 0],
])('%s', (_, said, heard, rate) => {
  expect(wordErrorRate(said, heard)).toBe(rate)
})
