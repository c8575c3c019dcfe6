import { fillTemplate, type Scope } from '@tiphys/contract/name-template.ts'
import { formatProblem } from '@tiphys/contract/problem.ts'
import type { CommandTestPlan, RequestPlan, TestPlan } from '@tiphys/contract/test-plan.ts'
import { parseTestsYaml, TESTS_YAML_URI } from '@tiphys/contract/tests-yaml.ts'
import { placeName } from '../../engine/project-snapshot.ts'
import type { CommandSettings } from '../../settings/command-settings.ts'
import type { TaskJob } from '../executor.ts'
import { permissionOf } from './command/command-permission.ts'
import { type ConnectGuard, refusalOf } from './http-target.ts'
import { type TargetChoice, targetOfEvent, targetOfFile } from './target.ts'
import { limitFault, type TestLimits } from './test-limits.ts'
import { selectTests } from './test-selection.ts'

export type PreparedTest =
  | { readonly kind: 'http'; readonly plan: HttpTestPlan; readonly base: URL }
  | PreparedCommand

/** A command needs no address; `program` is what is spawned. */
export type PreparedCommand = {
  readonly kind: 'command'
  readonly plan: CommandTestPlan
  readonly base: URL | undefined
  readonly program: string
}

type HttpTestPlan = Exclude<TestPlan, CommandTestPlan>

export type Preparation =
  | { readonly code: 'ready'; readonly tests: readonly PreparedTest[] }
  /** Nothing to run, and that is right. */
  | { readonly code: 'nothing'; readonly message: string }
  /** Somebody has to change a file or a setting; the sentence says which. */
  | { readonly code: 'wrong'; readonly message: string }

export type PreparationPowers = {
  readonly guard: ConnectGuard
  readonly limits: TestLimits
  /** Hosts that may be tested where the project lists none; called only when they are needed. */
  readonly trustedHosts: () => Promise<readonly string[]>
  readonly nowMs: number
  /** Whether programs may be run; undefined: none. */
  readonly commands: CommandSettings | undefined
}

/**
 * Everything that can be wrong is found before the first request is sent. What is run comes from the file at the run's pin and the
 * shipyard's properties; from the event only the address (behaviour.md 5).
 */
export async function prepareTests(job: TaskJob, powers: PreparationPowers): Promise<Preparation> {
  const scope = { project: job.project, stage: job.stage, service: job.service }
  const file = await job.snapshot.read(job.stage, job.service, TESTS_YAML_URI)
  if (file === undefined) return nothing(`no tests configured for ${job.service} in ${job.stage}`)
  const parsed = parseTestsYaml(file.text, placeName(file.place, TESTS_YAML_URI))
  if (!parsed.ok) return wrong(problemList(parsed.problems.map(formatProblem)))
  const selection = selectTests(parsed.suite.tests, job.properties)
  if (selection.code === 'wrong') return wrong(selection.message)
  const plans = selection.tests
  if (plans.length === 0) {
    return nothing(`no tests selected for ${job.service} in ${job.stage}`)
  }
  const limit = limitFault(plans, powers.limits, job.deadlineMs - powers.nowMs)
  if (limit !== undefined) return wrong(limit)

  const tests: PreparedTest[] = []
  const guarded = new Set<string>()
  for (const plan of plans) {
    const permission =
      plan.kind === 'command' ? permissionOf(plan, powers.commands) : ({ code: 'none' } as const)
    if (permission.code === 'refused') return wrong(permission.message)
    const choice = await chooseTarget(plan, job, scope, powers)
    const isNamed = choice.code === 'chosen'
    if (!isNamed && (plan.kind !== 'command' || choice.code === 'refused')) {
      return wrong(choice.message)
    }
    const base = isNamed ? choice.url : undefined
    if (base !== undefined && !guarded.has(base.origin)) {
      const refusal = await refusalOf(powers.guard, base)
      if (refusal !== undefined) return wrong(refusal)
      guarded.add(base.origin)
    }
    if (plan.kind === 'command') {
      const program = permission.code === 'allowed' ? permission.program : ''
      tests.push({ kind: 'command', plan, base, program })
    } else if (base !== undefined) tests.push({ kind: 'http', plan: filledPlan(plan, scope), base })
  }
  return { code: 'ready', tests }
}

async function chooseTarget(
  plan: TestPlan,
  job: TaskJob,
  scope: Scope,
  powers: PreparationPowers,
): Promise<TargetChoice> {
  if (plan.target !== undefined) return targetOfFile(plan.target, scope)
  // An event that names no address needs no list of hosts to be told so.
  const unnamed = targetOfEvent(job.data, [])
  if (unnamed.code === 'unknown') return unnamed
  const hosts = job.snapshot.settings.targets ?? (await powers.trustedHosts())
  return targetOfEvent(job.data, hosts)
}

function filledPlan(plan: HttpTestPlan, scope: Scope): HttpTestPlan {
  if (plan.kind === 'checks') {
    const checks = plan.checks.map((check) => ({
      ...check,
      name: fillTemplate(check.name, scope),
      request: filledRequest(check.request, scope),
    }))
    return { ...plan, checks }
  }
  const requests = plan.load.requests.map((one) => ({
    ...one,
    request: filledRequest(one.request, scope),
  }))
  return { ...plan, load: { ...plan.load, requests } }
}

/** A name is one part of a path, whatever characters it has. */
function filledRequest(request: RequestPlan, scope: Scope): RequestPlan {
  const encoded = {
    project: encodeURIComponent(scope.project),
    stage: encodeURIComponent(scope.stage),
    service: encodeURIComponent(scope.service),
  }
  return { ...request, path: fillTemplate(request.path, encoded) }
}

function problemList(problems: readonly string[]): string {
  const [first = 'the file cannot be read'] = problems
  const more = problems.length - 1
  return more > 0 ? `${first} (and ${more} more)` : first
}

function nothing(message: string): Preparation {
  return { code: 'nothing', message }
}

function wrong(message: string): Preparation {
  return { code: 'wrong', message }
}
