import { readFileSync, rmSync, writeFileSync } from 'node:fs'

/**
 * Who owns a data folder, for the message to whoever comes second. Only a note beside the lock: it is read when the lock is held, so a
 * note that a crash left behind deceives nobody.
 */
export type OwnerNote = { readonly pid: number; readonly url?: string }

const OWNER_ONLY = 0o600

export function noteOwner(lockFile: string, note: OwnerNote): void {
  try {
    writeFileSync(noteFile(lockFile), JSON.stringify(note), { mode: OWNER_ONLY })
  } catch {
    // A full disk must not keep a server from starting for the sake of a message.
  }
}

export function forgetOwner(lockFile: string): void {
  rmSync(noteFile(lockFile), { force: true })
}

/** ` (process 4711, http://127.0.0.1:8080)`, or nothing when it is not known. */
export function ownerText(lockFile: string): string {
  try {
    const { pid, url } = JSON.parse(readFileSync(noteFile(lockFile), 'utf8')) as Partial<OwnerNote>
    if (typeof pid !== 'number') return ''
    return typeof url === 'string' ? ` (process ${pid}, ${url})` : ` (process ${pid})`
  } catch {
    return ''
  }
}

function noteFile(lockFile: string): string {
  return lockFile.replace(/\.lock$/, '.owner')
}
