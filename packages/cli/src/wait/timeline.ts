import { formatDuration } from '@tiphys/contract/duration.ts'
import type { Run, RunTask } from '@tiphys/contract/http/native-run.ts'
import { pad } from '../output/table.ts'
import { type Paint, paint, type Terminal } from '../output/terminal.ts'
import { endOf } from './verdict.ts'

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const INDENT = '  '
const MIN_NAME_WIDTH = 10
const TIME_WIDTH = 7

export type Drawing = {
  readonly terminal: Terminal
  readonly nowMs: number
  /** Turns the spinner. */
  readonly tick: number
}

/** Runs as a tree of lines: each with its tasks, what they took and what they wait for. */
export function timelineLines(runs: readonly Run[], drawing: Drawing): string[] {
  const names = runs.flatMap((run) => run.tasks.map((task) => task.name.length))
  const width = Math.max(MIN_NAME_WIDTH, ...names)
  return runs
    .flatMap((run) => runLines(run, drawing, width))
    .map((line) => clip(line, drawing.terminal))
}

function runLines(run: Run, drawing: Drawing, width: number): string[] {
  const { terminal } = drawing
  const title = paint(terminal, 'bold', `${run.stage} ${run.sequence}`)
  const state = run.open ? run.state : endWord(run)
  const details = `${run.service} · ${state} · ${tookText(run, drawing.nowMs)}`
  return [
    `${sign(run, run.open, drawing)} ${title}  ${paint(terminal, 'dim', details)}`,
    ...run.tasks.map((task) => `${INDENT}${taskLine(task, run, drawing, width)}`),
    ...waitingLines(run).map((line) => `${INDENT}${INDENT}${paint(terminal, 'yellow', line)}`),
  ]
}

/** A task under way is no news here: its own line shows it. */
const UNDER_WAY = 'finish'

/** What a run waits for and who can end it, a line each. */
export function waitingLines(run: Run): string[] {
  return run.waiting
    .filter(({ code }) => code !== UNDER_WAY)
    .map(({ message, resolvedBy }) => oneLine(`${message} (ends by: ${resolvedBy})`))
}

function taskLine(task: RunTask, run: Run, drawing: Drawing, width: number): string {
  const name = pad(task.name, width)
  if (task.state === 'planned') {
    return paint(drawing.terminal, 'dim', `${run.open ? '·' : '-'} ${task.name}`)
  }
  if (task.state === 'carried') {
    return paint(drawing.terminal, 'dim', `= ${name} done before, in the run that was taken up`)
  }
  if (task.state === 'skipped') {
    return paint(drawing.terminal, 'dim', `- ${name} left out by its condition`)
  }
  const attempt = (task.attempt ?? 1) > 1 ? `attempt ${task.attempt}` : ''
  const said = task.state === 'open' ? oneLine(task.progress?.message ?? '') : noteOf(task)
  const notes = [attempt, said].filter((note) => note !== '').join('; ')
  const took = pad(tookText(task, drawing.nowMs), TIME_WIDTH)
  return `${sign(task, task.state === 'open', drawing)} ${name} ${took} ${notes}`.trimEnd()
}

/** `3.2s`: from the trigger to the end, or to now. A clock that differs from the server's must not count below zero. */
export function tookText(one: Run | RunTask, nowMs: number): string {
  if (one.triggeredAt === undefined) return ''
  const endMs = one.endedAt === undefined ? nowMs : Date.parse(one.endedAt)
  return formatDuration(Math.max(0, endMs - Date.parse(one.triggeredAt)))
}

/** A pass needs no words; anything else says why. */
function noteOf(task: RunTask): string {
  const end = endOf(task)
  if (end === undefined || (end.status === 'succeeded' && end.result === 'pass')) return ''
  return oneLine(end.message === '' ? endWord(task) : `${endWord(task)}: ${end.message}`)
}

/** `pass`, `fail`, `errored`: the result where something was carried out, else what became of it. */
export function endWord(one: Run | RunTask): string {
  const end = endOf(one)
  if (end === undefined) return one.state
  return end.status === 'succeeded' ? end.result : end.status
}

function sign(one: Run | RunTask, isOpen: boolean, drawing: Drawing): string {
  const { terminal, tick } = drawing
  if (isOpen) return paint(terminal, 'cyan', SPINNER[tick % SPINNER.length] ?? '·')
  const [text, format] = SIGNS[endWord(one)] ?? ['!', 'red']
  return paint(terminal, format, text)
}

const SIGNS: Readonly<Record<string, readonly [string, Paint]>> = {
  pass: ['✔', 'green'],
  warning: ['▲', 'yellow'],
  fail: ['✖', 'red'],
}

/** Messages come from services: no line breaks and no escape sequences may tear the drawing. */
export function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ').trim()
}

/** A line that wraps cannot be drawn over. Colours take no room. */
function clip(line: string, terminal: Terminal): string {
  if (!terminal.live) return line
  const limit = terminal.columns - 1
  let visible = 0
  let clipped = ''
  for (const part of line.split(COLOUR)) {
    if (part.startsWith('\u001b')) {
      clipped += part
      continue
    }
    clipped += [...part].slice(0, Math.max(0, limit - visible)).join('')
    visible += [...part].length
  }
  return clipped
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with one.
const COLOUR = /(\u001b\[[0-9;]*m)/
