import type { JsonObject } from '@tiphys/contract/json.ts'
import { didYouMean } from '@tiphys/contract/suggestion.ts'
import type { TestPlan } from '@tiphys/contract/test-plan.ts'

export type Selection =
  | { readonly code: 'selected'; readonly tests: readonly TestPlan[] }
  | { readonly code: 'wrong'; readonly message: string }

/**
 * Which tests of the file a task runs, by its `properties` in the shipyard: `tests: [smoke]` names them; Keptn's
 * `teststrategy: functional` means those that put no load on the service, `performance` all (as Keptn's JMeter service, whose basic
 * check came first). Neither: all. The order is always that of the file.
 */
export function selectTests(tests: readonly TestPlan[], properties: JsonObject): Selection {
  const named = namedTests(tests, properties['tests'])
  if (named.code === 'wrong') return named
  const strategy = properties['teststrategy']
  if (strategy === undefined || strategy === null || strategy === 'performance') return named
  if (strategy === 'functional') {
    return { code: 'selected', tests: named.tests.filter((test) => !isLoad(test)) }
  }
  return {
    code: 'wrong',
    message: `the shipyard's teststrategy ${shown(strategy)} is neither functional nor performance`,
  }
}

/** Tests that put load on the service: not run for a functional check, nor at a service that failed one. */
export function isLoad(test: TestPlan): boolean {
  if (test.kind !== 'command') return test.kind === 'load'
  return test.command.results.some(({ format }) => format === 'k6' || format === 'jmeter')
}

function namedTests(tests: readonly TestPlan[], wanted: unknown): Selection {
  if (wanted === undefined || wanted === null) return { code: 'selected', tests }
  const names = Array.isArray(wanted) ? wanted : [wanted]
  for (const name of names) {
    if (tests.some((test) => test.name === name)) continue
    const known = tests.map((test) => test.name)
    const meant = typeof name === 'string' ? didYouMean(name, known) : undefined
    const hint = meant === undefined ? `there are ${known.join(', ')}` : `did you mean ${meant}?`
    return { code: 'wrong', message: `the shipyard names a test ${shown(name)}, and ${hint}` }
  }
  return { code: 'selected', tests: tests.filter((test) => names.includes(test.name)) }
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 80) : JSON.stringify(value).slice(0, 80)
}
