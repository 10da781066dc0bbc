import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { errnoOf, IngotError } from '../../lib/error.ts'
import type { Settings } from '../settings/settings.ts'
import { WeightsError } from './error.ts'

/** A secret that no printing of an object shows. `origin` says where it came from, for messages. */
export interface Token {
  origin: string
  reveal(): string
}

/** Where secrets are looked for. */
export interface SecretContext {
  settings: Pick<Settings, 'hub' | 'programs'>
  /** From which paths of file:// are reached; without it from where the program runs. */
  recipeFolder?: string
  resolveSecret?: (uri: string) => Promise<string>
}

/**
 * The Hub's token: from the recipe's URI if it has one, else where the Hub's own tools look (HF_TOKEN, then the file that
 * `hf auth login` writes). Undefined where there is none. Throws `bad-token` when a URI gives nothing.
 */
export async function findHubToken(
  uri: string | undefined,
  context: SecretContext,
): Promise<Token | undefined> {
  if (uri !== undefined) return readSecret(uri, context)
  const { token, tokenFile } = context.settings.hub
  if (token !== undefined) return tokenOf(token.reveal(), token.variable)
  const value = await readFile(tokenFile, 'utf8').catch(() => '')
  return value.trim() === '' ? undefined : tokenOf(value, tokenFile)
}

/** Reads a secret by a URI as Dagger writes them: env://NAME, file://PATH, cmd://COMMAND here, others by `resolveSecret`. */
export async function readSecret(uri: string, context: SecretContext): Promise<Token> {
  const [scheme = '', rest = ''] = uri.split(/:\/\/(.*)/s)
  const origin = scheme === 'cmd' ? 'cmd://…' : uri
  try {
    return tokenOf(await plaintext(scheme, rest, uri, context), origin)
  } catch (error) {
    if (error instanceof IngotError) throw error
    // The cause stays out: a failing command may have printed the secret.
    throw badToken(
      origin,
      errnoOf(error) ?? 'it failed',
      'run the tool that keeps the secret by hand, then try again',
    )
  }
}

async function plaintext(scheme: string, rest: string, uri: string, context: SecretContext): Promise<string> {
  switch (scheme) {
    case 'env':
      return context.settings.programs.environment[rest] ?? ''
    case 'file':
      return readFile(resolve(context.recipeFolder ?? '.', rest.replace(/^~(?=\/)/, homedir())), 'utf8')
    case 'cmd':
      return (await promisify(execFile)('sh', ['-c', rest], { env: context.settings.programs.environment }))
        .stdout
    default:
      if (context.resolveSecret) return context.resolveSecret(uri)
      throw badToken(
        uri,
        `nothing here reads ${scheme}:// secrets`,
        'use env://, file:// or cmd:// here, such as cmd://op read op://VAULT/ITEM/FIELD',
      )
  }
}

function tokenOf(text: string, origin: string): Token {
  const value = text.trim()
  if (value === '') throw badToken(origin, 'it is empty', 'put the token there, without quotes')
  if (!/^[\x21-\x7e]+$/.test(value))
    throw badToken(origin, 'it holds characters that no token has', 'put the bare token there, on one line')
  return { origin, reveal: () => value }
}

export function badToken(origin: string, found: string, hint: string): WeightsError {
  return new WeightsError('bad-token', { attempted: `read a token from ${origin}`, found, hint })
}
