import type { TextOptions, Tone } from '@tiphys/core/explanation/render-text.ts'
import { type Paint, paint, type Terminal } from './terminal.ts'

const TONES: Readonly<Partial<Record<Tone, Paint>>> = {
  pass: 'green',
  warning: 'yellow',
  fail: 'red',
  none: 'red',
  quiet: 'dim',
  strong: 'bold',
}

/** How a report is laid out and coloured on this terminal. */
export function reportTextOptions(terminal: Terminal): TextOptions {
  return {
    columns: terminal.columns,
    paint(tone, text) {
      const format = TONES[tone]
      return format === undefined ? text : paint(terminal, format, text)
    },
  }
}
