import type { ProjectYaml } from '@tiphys/contract/project-yaml.ts'
import { didYouMean } from '@tiphys/contract/suggestion.ts'
import { bySeverity, type Finding } from './finding.ts'

/** `shop.example.com`, `*.example.com`, `127.0.0.1:8080`, `[::1]:*`: a host and perhaps a port, as the test task reads it. */
const HOST = /^(\*\.)?(\[[0-9a-fA-F:.]+\]|[^\s:/@?#\\*[\]]+)(:(\d{1,5}|\*))?$/
/** A whole address stands for its host and port. */
const ADDRESS = /^https?:\/\/[^\s/?#@]+/i

/**
 * What is wrong with a `tiphys/project.yaml` that could be read.
 * @param stages the stages of the shipyard beside it; undefined when there is none to compare with.
 */
export function lintProject(project: ProjectYaml, stages?: readonly string[]): readonly Finding[] {
  return bySeverity([
    ...(project.targets ?? []).flatMap((target, index) => lintTarget(target, index)),
    ...(stages === undefined
      ? []
      : [...lintStages(project, stages), ...lintFreezes(project, stages)]),
  ])
}

function lintTarget(target: string, index: number): Finding[] {
  if (HOST.test(target.trim()) || ADDRESS.test(target)) return []
  const message = `target ${JSON.stringify(target)} is not a host; write shop.example.com, *.example.com or 127.0.0.1:8080`
  return [{ severity: 'error', code: 'target-invalid', path: ['targets', index], message }]
}

function lintStages(project: ProjectYaml, stages: readonly string[]): Finding[] {
  return Object.keys(project.stages ?? {}).flatMap((name) => {
    if (stages.includes(name)) return []
    const meant = didYouMean(name, stages)
    const hint = meant === undefined ? `stages are ${stages.join(', ')}` : `did you mean ${meant}?`
    return [
      {
        severity: 'warning' as const,
        code: 'stage-unknown',
        path: ['stages', name],
        message: `stage ${name} is not in the shipyard, so its settings have no effect; ${hint}`,
      },
    ]
  })
}

function lintFreezes(project: ProjectYaml, stages: readonly string[]): Finding[] {
  return (project.freezes ?? []).flatMap((freeze, index) =>
    (freeze.stages ?? []).flatMap((name, place) => {
      if (stages.includes(name)) return []
      const meant = didYouMean(name, stages)
      const hint =
        meant === undefined ? `stages are ${stages.join(', ')}` : `did you mean ${meant}?`
      const path = ['freezes', index, 'stages', place]
      const message = `stage ${name} is not in the shipyard, so freeze ${freeze.name} holds nothing there; ${hint}`
      return [{ severity: 'warning' as const, code: 'stage-unknown', path, message }]
    }),
  )
}
