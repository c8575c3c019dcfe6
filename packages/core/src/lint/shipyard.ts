import { parseDuration } from '@tiphys/contract/duration.ts'
import type { FilePath } from '@tiphys/contract/problem.ts'
import {
  type Shipyard,
  type ShipyardSequence,
  type ShipyardStage,
  STAGE_NAME,
} from '@tiphys/contract/shipyard.ts'
import { bySeverity, type Finding } from './finding.ts'
import { lintTask } from './shipyard-task.ts'
import { lintTriggers } from './shipyard-triggers.ts'
import { lintTriggerLoops } from './trigger-loops.ts'

/**
 * What is wrong with a shipyard that could be read (facts/keptn-v1.md 1.1, 1.5; compatibility.md). Errors are exactly what
 * Keptn v1 refused at project create, so that the API can refuse the same; everything else it took, and so do we.
 */
export function lintShipyard(shipyard: Shipyard): readonly Finding[] {
  const { stages } = shipyard.spec
  return bySeverity([
    ...lintApiVersion(shipyard.apiVersion),
    ...lintStageNames(stages),
    ...stages.flatMap((stage, index) => lintSequences(stage, ['spec', 'stages', index])),
    ...lintTriggers(stages),
    ...lintTriggerLoops(stages),
  ])
}

/** Keptn strips the prefix and asks for semver >= 0.2. */
function lintApiVersion(apiVersion: string): Finding[] {
  const path = ['apiVersion']
  const version = /^(spec\.keptn\.sh\/)?v?(\d+)(?:\.(\d+))?(?:\.\d+)?$/.exec(apiVersion)
  const [, prefix, major, minor] = version ?? []
  if (major === undefined || (Number(major) === 0 && Number(minor ?? 0) < 2)) {
    const message = `apiVersion ${JSON.stringify(apiVersion)} is not supported; write spec.keptn.sh/0.2.3 (0.2.0 or newer)`
    return [{ severity: 'error', code: 'api-version-unsupported', path, message }]
  }
  if (prefix !== undefined) return []
  const message = `apiVersion ${apiVersion} has no group; write spec.keptn.sh/${apiVersion}`
  return [{ severity: 'warning', code: 'api-version-without-group', path, message }]
}

function lintStageNames(stages: readonly ShipyardStage[]): Finding[] {
  return stages.flatMap((stage, index) => {
    const path = ['spec', 'stages', index, 'name']
    const findings: Finding[] = []
    if (!STAGE_NAME.test(stage.name)) {
      const message = `stage name ${JSON.stringify(stage.name)} is not allowed; use lower-case letters, digits and dashes, a letter first and no dash last`
      findings.push({ severity: 'error', code: 'stage-name-invalid', path, message })
    }
    const earlier = stages.findIndex((other) => other.name === stage.name)
    if (earlier < index) {
      const message = `stage ${stage.name} is there twice; every stage needs a name of its own`
      findings.push({ severity: 'error', code: 'stage-name-twice', path, message })
    }
    return findings
  })
}

function lintSequences(stage: ShipyardStage, stagePath: FilePath): Finding[] {
  const sequences = stage.sequences ?? []
  if (sequences.length === 0) {
    const message = `stage ${stage.name} has no sequences; only an evaluation can be triggered in it`
    return [{ severity: 'info', code: 'stage-without-sequences', path: stagePath, message }]
  }
  return sequences.flatMap((sequence, index) => [
    ...lintSequenceName(sequence, index, stage, [...stagePath, 'sequences', index, 'name']),
    ...lintSequenceContent(sequence, stage, [...stagePath, 'sequences', index]),
  ])
}

function lintSequenceName(
  sequence: ShipyardSequence,
  index: number,
  stage: ShipyardStage,
  path: FilePath,
): Finding[] {
  const findings: Finding[] = []
  if (sequence.name.includes('.')) {
    const message = `sequence name ${sequence.name} has a dot; event types are split at dots, so it can never be triggered`
    findings.push({ severity: 'warning', code: 'name-with-dot', path, message })
  }
  const earlier = stage.sequences?.findIndex((other) => other.name === sequence.name) ?? index
  if (earlier < index) {
    const message = `sequence ${sequence.name} is in stage ${stage.name} twice; only the first one ever runs`
    findings.push({ severity: 'warning', code: 'sequence-name-twice', path, message })
  }
  return findings
}

function lintSequenceContent(
  sequence: ShipyardSequence,
  stage: ShipyardStage,
  path: FilePath,
): Finding[] {
  const findings: Finding[] = []
  const timeout = sequence.timeout ?? undefined
  if (timeout !== undefined && parseDuration(timeout) === undefined) {
    const message = `timeout ${JSON.stringify(timeout)} of sequence ${sequence.name} is not a duration (10m, 1h30m, 90s), so there is none`
    const place = [...path, 'timeout']
    findings.push({ severity: 'warning', code: 'duration-invalid', path: place, message })
  }
  const tasks = sequence.tasks ?? []
  if (tasks.length === 0) {
    const message = `sequence ${sequence.name} of stage ${stage.name} has no tasks; whenever it is triggered it ends errored`
    findings.push({ severity: 'warning', code: 'sequence-without-tasks', path, message })
  }
  return [
    ...findings,
    ...tasks.flatMap((task, index) => lintTask(task, [...path, 'tasks', index], index)),
  ]
}
