import { formatProblem, type Problem } from '@tiphys/contract/problem.ts'
import type { GitFailure } from '../ports/desired-state.ts'
import type { UpstreamRefusal } from '../ports/upstreams.ts'
import type { Invalid, ProjectNotFound, UpstreamRefused } from './projects.ts'

/** Keptn's limits (facts/keptn-v1.md 1.8). */
const PROJECT_NAME_MAX = 200
const SERVICE_NAME_MAX = 43
const NAME = /^[a-z]([a-z0-9-]*[a-z0-9])?$/

export function faultOfProjectName(name: string): Invalid | undefined {
  return faultOfName('project', name, PROJECT_NAME_MAX)
}

export function faultOfServiceName(name: string): Invalid | undefined {
  return faultOfName('service', name, SERVICE_NAME_MAX)
}

function faultOfName(what: string, name: string, longest: number): Invalid | undefined {
  if (NAME.test(name) && name.length <= longest) return undefined
  return invalid(
    `${what} name ${name} is not valid: lower case letters, digits and hyphens, a letter first, at most ${longest} characters`,
  )
}

export function projectNotFound(name: string): ProjectNotFound {
  return { code: 'project-not-found', message: `Project not found: ${name}` }
}

export function invalid(message: string): Invalid {
  return { code: 'invalid', message, problems: [] }
}

export function invalidFile(problems: readonly Problem[]): Invalid {
  const [first] = problems.filter((problem) => problem.severity === 'error')
  return {
    code: 'invalid',
    message: first === undefined ? 'the file is not valid' : formatProblem(first),
    problems,
  }
}

/** A write that the upstream did not take: never 404, which a client would read as its own file missing. */
export function unwritten(failure: GitFailure): UpstreamRefused {
  const code = failure.code === 'push-raced' ? 'upstream-conflict' : 'upstream-failed'
  return { code, message: `the upstream did not take the change: ${failure.message}` }
}

/** What a project gets instead of its upstream (statuses: facts/keptn-v1.md 2.3). */
export function refusedUpstream(refusal: UpstreamRefusal): UpstreamRefused | Invalid {
  if (refusal.code === 'invalid') return invalid(refusal.message)
  if (refusal.code === 'upstream-taken') return refusal
  const { failure } = refusal
  const message = `no upstream: ${failure.message}`
  switch (failure.code) {
    case 'repository-not-found':
      return { code: 'upstream-not-found', message }
    case 'url-not-allowed':
      return { code: 'upstream-url-refused', message }
    case 'push-raced':
      return { code: 'upstream-conflict', message }
    default:
      return { code: 'upstream-failed', message }
  }
}
