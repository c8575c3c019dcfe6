import { type ASTNode, Environment } from '@marcbachmann/cel-js'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { isJsonObject } from '@tiphys/contract/json.ts'
import type { OpenRun } from './run-state.ts'

/**
 * Conditions of tasks (`if`), in CEL. They read event data and what the tasks before came to, and decide only whether a task of the
 * file is triggered; what it does stays in the file (behaviour.md 5).
 */
export type ConditionAnswer =
  | { readonly code: 'true' }
  | { readonly code: 'false' }
  /** It could not be evaluated: the run ends errored and says so, because leaving out a gate in silence would be worse. */
  | { readonly code: 'error'; readonly message: string }

/** More than anybody reads, less than what could keep the engine busy. */
const MAX_NODES = 200
/** Macros walk lists of event data: one of them is linear, two in each other are not. */
const WALKING = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])
const MAX_WALKS = 1
/** Backtracking takes exponential time on text that came with an event. */
const REFUSED = new Set(['matches'])
/** Compiled conditions that are kept; a busy server has a few dozen. */
const MAX_COMPILED = 500

const environment = new Environment({ limits: { maxAstNodes: MAX_NODES } })
  .registerVariable('project', 'string')
  .registerVariable('stage', 'string')
  .registerVariable('service', 'string')
  .registerVariable('sequence', 'string')
  .registerVariable('result', 'string')
  .registerVariable('status', 'string')
  .registerVariable('labels', 'map')
  .registerVariable('tasks', 'map')
  .registerVariable('data', 'map')

type Compiled = (values: Record<string, unknown>) => unknown

const compiled = new Map<string, Compiled>()

/** What is wrong with a condition, in one sentence; undefined when it can be evaluated. `offset` counts characters. */
export function conditionProblem(
  expression: string,
): { readonly message: string; readonly offset: number } | undefined {
  try {
    const parsed = environment.parse(expression)
    const names = callsIn(parsed.ast)
    const refused = names.find((name) => REFUSED.has(name))
    if (refused !== undefined) {
      return { message: `${refused}() is not allowed in a condition`, offset: 0 }
    }
    if (names.filter((name) => WALKING.has(name)).length > MAX_WALKS) {
      return { message: 'a condition may walk one list, not several', offset: 0 }
    }
    const checked = parsed.check()
    if (!checked.valid) return problemOf(checked.error)
    const type = checked.type ?? 'dyn'
    if (type === 'bool' || type === 'dyn') return undefined
    return { message: `the condition is a ${type}, not true or false`, offset: 0 }
  } catch (error) {
    return problemOf(error)
  }
}

/** @throws never: whatever goes wrong is an answer. */
export function evaluateCondition(expression: string, run: OpenRun): ConditionAnswer {
  const problem = compiled.has(expression) ? undefined : conditionProblem(expression)
  if (problem !== undefined) return { code: 'error', message: problem.message }
  try {
    const value = compile(expression)(valuesOf(run))
    if (typeof value === 'boolean') return { code: value ? 'true' : 'false' }
    return { code: 'error', message: 'it is neither true nor false' }
  } catch (error) {
    return { code: 'error', message: problemOf(error).message }
  }
}

function compile(expression: string): Compiled {
  const known = compiled.get(expression)
  if (known !== undefined) return known
  const parsed = environment.parse(expression)
  if (compiled.size >= MAX_COMPILED) compiled.clear()
  compiled.set(expression, parsed)
  return parsed
}

function valuesOf(run: OpenRun): Record<string, unknown> {
  const { project, stage, service, sequence } = run.plan
  const { labels, result, status } = run.payload
  const tasks = Object.fromEntries(
    run.done.map((task) => [
      task.name,
      { result: task.result, status: task.status, message: task.message },
    ]),
  )
  return {
    project,
    stage,
    service,
    sequence,
    result: text(result),
    status: text(status),
    labels: labels !== undefined && isJsonObject(labels) ? labels : {},
    tasks,
    data: run.payload satisfies JsonObject,
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Names of everything that is called, methods and macros too. */
function callsIn(node: ASTNode): string[] {
  const own = node.op === 'call' || node.op === 'rcall' ? [node.args[0]] : []
  return [...own, ...childrenOf(node.args).flatMap(callsIn)]
}

function childrenOf(value: unknown): ASTNode[] {
  if (Array.isArray(value)) return value.flatMap(childrenOf)
  return isNode(value) ? [value] : []
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value
}

/** CEL's messages show the expression below their first line; we say where it is in our own way. */
function problemOf(error: unknown): { readonly message: string; readonly offset: number } {
  const message = error instanceof Error ? error.message : String(error)
  const [line = ''] = message.split('\n')
  const node = typeof error === 'object' && error !== null && 'node' in error ? error.node : {}
  const isPlaced = typeof node === 'object' && node !== null && 'pos' in node
  const offset = isPlaced && typeof node.pos === 'number' ? node.pos : 0
  return { message: line.charAt(0).toLowerCase() + line.slice(1), offset }
}
