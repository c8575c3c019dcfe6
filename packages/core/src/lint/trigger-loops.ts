import type { FilePath } from '@tiphys/contract/problem.ts'
import type { ShipyardStage, TriggeredOn } from '@tiphys/contract/shipyard.ts'
import type { Finding } from './finding.ts'

/** One `triggeredOn`: the end of `from` starts `to`. Nodes are `<stage>.<sequence>`. */
type Edge = {
  readonly from: string
  readonly to: string
  readonly path: FilePath
  /** It fires when everything passed, so nothing but a failure stops it. */
  readonly firesOnPass: boolean
}

/**
 * Sequences that trigger each other in a circle. A remediation that repeats until an evaluation passes is meant so, and stops:
 * worth knowing. A circle that goes on as long as everything passes never stops: a warning.
 */
export function lintTriggerLoops(stages: readonly ShipyardStage[]): Finding[] {
  const edges = edgesOf(stages)
  const told = new Set<Edge>()
  const findings: Finding[] = []
  for (const edge of edges) {
    if (told.has(edge)) continue
    const back = pathBetween(edge.to, edge.from, edges)
    if (back === undefined) continue
    const loop = [edge, ...back]
    for (const one of loop) told.add(one)
    findings.push(loopFinding(loop, edge))
  }
  return findings
}

function edgesOf(stages: readonly ShipyardStage[]): Edge[] {
  return stages.flatMap((stage, stageIndex) =>
    (stage.sequences ?? []).flatMap((sequence, sequenceIndex) =>
      (sequence.triggeredOn ?? []).flatMap((trigger, index) => {
        const from = /^(.+)\.finished$/.exec(trigger.event)?.[1]
        if (from === undefined) return []
        const place = ['spec', 'stages', stageIndex, 'sequences', sequenceIndex]
        return [
          {
            from,
            to: `${stage.name}.${sequence.name}`,
            path: [...place, 'triggeredOn', index, 'event'],
            firesOnPass: firesOnPass(trigger),
          },
        ]
      }),
    ),
  )
}

function firesOnPass(trigger: TriggeredOn): boolean {
  return Object.values(trigger.selector?.match ?? {}).every((wanted) => wanted === 'pass')
}

/** The shortest way along the edges; [] from a node to itself. */
function pathBetween(start: string, end: string, edges: readonly Edge[]): Edge[] | undefined {
  const reached = new Map<string, Edge[]>([[start, []]])
  for (const [node, way] of reached) {
    if (node === end) return way
    for (const edge of edges) {
      if (edge.from === node && !reached.has(edge.to)) reached.set(edge.to, [...way, edge])
    }
  }
  return undefined
}

function loopFinding(loop: readonly Edge[], edge: Edge): Finding {
  const names = [edge.from, ...loop.map((one) => one.to)].join(' -> ')
  const isEndless = loop.every((one) => one.firesOnPass)
  return {
    severity: isEndless ? 'warning' : 'info',
    code: 'trigger-loop',
    path: edge.path,
    message: isEndless
      ? `these sequences trigger each other without end: ${names}`
      : `these sequences trigger each other until a selector does not hold: ${names}`,
  }
}
