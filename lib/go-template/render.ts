import { builtins } from './functions.ts'
import type { GoNode, Operand, Pipe } from './node.ts'
import { type GoValue, isTrue, memberOf, printed, templateError } from './value.ts'

interface Scope {
  variables: Map<string, { value: GoValue }>
  dot: GoValue
}

/** Why a list of nodes was left. */
type Exit = 'end' | 'break' | 'continue'

/**
 * What a template writes for its data, without a clock, a file or any other input. Throws for calls of functions that Go's
 * text/template does not have and for every value that Go would refuse.
 */
export function renderGoTemplate(nodes: readonly GoNode[], data: GoValue): string {
  const out: string[] = []
  walk(nodes, { variables: new Map([['$', { value: data }]]), dot: data }, out)
  return out.join('')
}

function walk(nodes: readonly GoNode[], outer: Scope, out: string[]): Exit {
  // A variable lives to the end of the block that declares it.
  const scope: Scope = { variables: new Map(outer.variables), dot: outer.dot }
  for (const node of nodes) {
    const exit = step(node, scope, out)
    if (exit !== 'end') return exit
  }
  return 'end'
}

function step(node: GoNode, scope: Scope, out: string[]): Exit {
  switch (node.type) {
    case 'text':
      out.push(node.text)
      return 'end'
    case 'action': {
      const value = evaluate(node.pipe, scope)
      if (node.pipe.variables.length === 0) out.push(printed(value))
      return 'end'
    }
    case 'break':
    case 'continue':
      return node.type
    case 'range':
      return loop(node, scope, out)
    default: {
      const inner: Scope = { variables: new Map(scope.variables), dot: scope.dot }
      const value = evaluate(node.pipe, inner)
      if (node.type === 'with' && isTrue(value)) return walk(node.body, { ...inner, dot: value }, out)
      return walk(isTrue(value) ? node.body : (node.otherwise ?? []), inner, out)
    }
  }
}

function loop(
  node: GoNode & { pipe: Pipe; body: GoNode[]; otherwise: GoNode[] | null },
  scope: Scope,
  out: string[],
): Exit {
  const rounds = roundsOf(evaluate({ ...node.pipe, variables: [] }, scope))
  if (rounds.length === 0) return walk(node.otherwise ?? [], scope, out)
  const [first, second] = node.pipe.variables
  for (const [key, item] of rounds) {
    const variables = new Map(scope.variables)
    if (first !== undefined) variables.set(first, { value: second === undefined ? item : key })
    if (second !== undefined) variables.set(second, { value: item })
    if (walk(node.body, { variables, dot: item }, out) === 'break') return 'end'
  }
  return 'end'
}

/** Go walks maps by their sorted keys. */
function roundsOf(value: GoValue): (readonly [GoValue, GoValue])[] {
  if (value === null) return []
  if (typeof value === 'object' && value.type === 'list')
    return value.items.map((item, index) => [index, item])
  if (typeof value === 'object' && value.type === 'map')
    return Object.keys(value.entries)
      .sort()
      .map((key) => [key, value.entries[key] ?? null])
  throw templateError('range goes over a value that is no list')
}

function evaluate(pipe: Pipe, scope: Scope): GoValue {
  const value = pipe.commands.reduce<GoValue | undefined>(
    (last, command) => call(command, scope, last),
    undefined,
  )
  const [name] = pipe.variables
  if (name === undefined) return value ?? null
  if (pipe.isNew) scope.variables.set(name, { value: value ?? null })
  else variableNamed(name, scope).value = value ?? null
  return value ?? null
}

function call([head, ...operands]: Operand[], scope: Scope, last: GoValue | undefined): GoValue {
  if (head?.type !== 'function') {
    if (head === undefined || operands.length > 0 || last !== undefined)
      throw templateError('a value is called as if it were a function')
    return operandValue(head, scope)
  }
  if (head.name === 'and' || head.name === 'or') return chosen(head.name, operands, scope, last)
  const run = Object.hasOwn(builtins, head.name) ? builtins[head.name] : undefined
  if (run === undefined) throw templateError(`the function ${head.name} is not held here`)
  const args = operands.map((operand) => operandValue(operand, scope))
  return run(last === undefined ? args : [...args, last])
}

/** `and` and `or` stop at the argument that decides. */
function chosen(name: 'and' | 'or', operands: Operand[], scope: Scope, last: GoValue | undefined): GoValue {
  let value: GoValue = null
  for (const operand of operands) {
    value = operandValue(operand, scope)
    if (isTrue(value) === (name === 'or')) return value
  }
  return last === undefined ? value : last
}

function operandValue(operand: Operand, scope: Scope): GoValue {
  switch (operand.type) {
    case 'dot':
      return scope.dot
    case 'nil':
      return null
    case 'literal':
      return operand.value
    case 'field':
      return operand.path.reduce(memberOf, scope.dot)
    case 'variable':
      return operand.path.reduce(memberOf, variableNamed(operand.name, scope).value)
    case 'group':
      return operand.path.reduce(memberOf, evaluate(operand.pipe, scope))
    case 'function':
      return call([operand], scope, undefined)
  }
}

function variableNamed(name: string, scope: Scope): { value: GoValue } {
  const found = scope.variables.get(name)
  if (found) return found
  throw templateError(`the variable ${name} is not declared`)
}
