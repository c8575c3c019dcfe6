import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { checkStory } from './check-story.ts'
import { type PlayOptions, playStory, StoryError } from './play-story.ts'
import type { Story } from './story.ts'
import { FAULTS, type Fault } from './swarm.ts'

/** What one seed came to. */
export type Verdict =
  | { readonly code: 'kept'; readonly story: Story; readonly digest: string }
  | {
      readonly code: 'broken'
      readonly message: string
      readonly error: unknown
      readonly trace: readonly string[]
      readonly complaints: readonly string[]
      readonly story?: Story
    }

/** Plays a story and checks it. A rejection that nobody handles breaks it too: it would end the process. */
export async function judge(seed: number, options: PlayOptions = {}): Promise<Verdict> {
  const unhandled: unknown[] = []
  const note = (error: unknown) => void unhandled.push(error)
  process.on('unhandledRejection', note)
  let story: Story | undefined
  try {
    story = await playStory(seed, options)
    await nextTurn()
    if (unhandled.length > 0) {
      throw new Error(`a rejection that nobody handles: ${messageOf(unhandled[0])}`, {
        cause: unhandled[0],
      })
    }
    checkStory(story)
    return { code: 'kept', story, digest: digestOf(story) }
  } catch (error) {
    const trace = error instanceof StoryError ? error.trace : (story?.trace ?? [])
    const complaints = story?.complaints ?? []
    const broken = { code: 'broken', message: messageOf(error), error, trace, complaints } as const
    return story === undefined ? broken : { ...broken, story }
  } finally {
    process.off('unhandledRejection', note)
  }
}

/** The same story in the fewest steps and with the fewest faults that still break a rule. Costs a second or two. */
export async function shortest(seed: number, steps: number): Promise<PlayOptions> {
  const without: Fault[] = []
  let fewest = steps
  for (let count = 1; count <= steps; count++) {
    const verdict = await judge(seed, { steps: count })
    if (verdict.code === 'kept') continue
    fewest = count
    break
  }
  for (const fault of FAULTS) {
    const verdict = await judge(seed, { steps: fewest, without: [...without, fault] })
    if (verdict.code === 'broken') without.push(fault)
  }
  return { steps: fewest, without }
}

/** Two plays of one seed are equal to the byte: the log, what happened, and in which order. */
export function digestOf({ rows, trace, messages }: Story): string {
  const hash = createHash('sha256')
  for (const part of [rows, trace, messages]) hash.update(JSON.stringify(part))
  return hash.digest('hex')
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
