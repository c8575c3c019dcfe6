import type { Run } from '@tiphys/contract/http/native-run.ts'
import type { Terminal } from '../output/terminal.ts'
import { createPlainLines } from './plain-lines.ts'
import { timelineLines } from './timeline.ts'

/** Shows how a context goes on, until it is closed. */
export type Progress = {
  show(runs: readonly Run[]): void
  /** Something that is no part of the sequence: the server does not answer, say. Said once until it changes. */
  note(text: string): void
  /** Leaves the last picture standing. May be called again. */
  close(): void
}

type Sink = { write(text: string): unknown; readonly rows?: number }

/** Some terminals do not say how high they are. */
const DEFAULT_ROWS = 24
const REDRAW_EVERY_MS = 120
const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'
const CLEAR_BELOW = '\u001b[0J'

export function createProgress(terminal: Terminal, sink: Sink): Progress {
  return terminal.live ? liveProgress(terminal, sink) : plainProgress(sink)
}

function plainProgress(sink: Sink): Progress {
  const changes = createPlainLines()
  let lastNote = ''
  return {
    show(runs) {
      lastNote = ''
      for (const line of changes(runs)) sink.write(`${line}\n`)
    },
    note(text) {
      if (text !== lastNote) sink.write(`${text}\n`)
      lastNote = text
    },
    close() {},
  }
}

/** Draws the timeline over itself, also between two looks at the server: the clock goes on. */
function liveProgress(terminal: Terminal, sink: Sink): Progress {
  let runs: readonly Run[] = []
  let note = ''
  let drawnLines = 0
  let tick = 0
  let isOpen = true
  sink.write(HIDE_CURSOR)
  const timer = setInterval(draw, REDRAW_EVERY_MS)
  timer.unref()

  function draw(): void {
    const lines = timelineLines(runs, { terminal, nowMs: Date.now(), tick: tick++ })
    if (note !== '') lines.push(note.slice(0, terminal.columns - 1))
    // A picture higher than the window could not be drawn over: its newest part is shown.
    const rows = sink.rows || DEFAULT_ROWS
    const shown = lines.slice(-Math.max(1, rows - 1))
    if (shown.length === 0) return
    const up = drawnLines > 0 ? `\u001b[${drawnLines}A\r` : ''
    sink.write(`${up}${CLEAR_BELOW}${shown.join('\n')}\n`)
    drawnLines = shown.length
  }

  return {
    show(latest) {
      runs = latest
      note = ''
      draw()
    },
    note(text) {
      note = text
      draw()
    },
    close() {
      if (!isOpen) return
      isOpen = false
      clearInterval(timer)
      draw()
      sink.write(SHOW_CURSOR)
    },
  }
}
