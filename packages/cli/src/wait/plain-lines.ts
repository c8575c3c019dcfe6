import type { Run, RunTask } from '@tiphys/contract/http/native-run.ts'
import { endWord, oneLine, tookText, waitingLines } from './timeline.ts'

/** What changed since the last look, a line each, for logs and pipes. Nothing is said twice. */
export function createPlainLines(): (runs: readonly Run[]) => string[] {
  const said = new Set<string>()
  const once = (key: string, line: string) => {
    if (said.has(key)) return []
    said.add(key)
    return [line]
  }
  return (runs) => runs.flatMap((run) => runLines(run, once))
}

type Once = (key: string, line: string) => string[]

function runLines(run: Run, once: Once): string[] {
  const name = `${run.stage} ${run.sequence}`
  return [
    ...once(run.id, `${name}: triggered for ${run.service}`),
    ...run.tasks.flatMap((task) => taskLines(task, `${run.id} ${task.index}`, name, once)),
    // A delay counts down: it is said once, not with every second.
    ...waitingLines(run).flatMap((line) =>
      once(`${run.id} ${line.replaceAll(/\d+/g, '')}`, `${name}: ${line}`),
    ),
    ...(run.open
      ? []
      : once(`${run.id} end`, `${name}: ${endWord(run)} after ${tookText(run, 0)}`)),
  ]
}

function taskLines(task: RunTask, runTask: string, run: string, once: Once): string[] {
  if (task.state === 'planned' || task.state === 'carried') return []
  if (task.state === 'skipped') {
    return once(`${runTask} skipped`, `${run}: ${task.name} left out by its condition`)
  }
  const attempt = task.attempt ?? 1
  const key = `${runTask} ${attempt}`
  const name = `${run}: ${task.name}${attempt > 1 ? ` (attempt ${attempt})` : ''}`
  const lines = once(key, `${name} triggered`)
  if (task.state === 'open') {
    const progress = oneLine(task.progress?.message ?? '')
    return progress === ''
      ? lines
      : [...lines, ...once(`${key} ${progress}`, `${name}: ${progress}`)]
  }
  const message = oneLine(task.message ?? '')
  const end = `${name} ${endWord(task)} after ${tookText(task, 0)}`
  return [...lines, ...once(`${key} end`, message === '' ? end : `${end}: ${message}`)]
}
