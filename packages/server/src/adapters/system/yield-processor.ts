import { readlinkSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'
import { basename } from 'node:path'

/** As `nice` means it: 0 is ordinary, 19 last. */
const BEHIND_OTHERS = 10

/**
 * Lets the thread that calls it stand behind the others of the process when processors are scarce. Linux alone gives threads
 * priorities of their own; elsewhere, and where it is forbidden, nothing changes.
 */
export function yieldProcessor(): void {
  if (process.platform !== 'linux') return
  try {
    const thread = Number(basename(readlinkSync('/proc/thread-self')))
    if (getPriority(thread) < BEHIND_OTHERS) setPriority(thread, BEHIND_OTHERS)
  } catch {
    // A wish, not a need: without it everything works, and answers wait a little for the lists.
  }
}
