import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { CommandFailure } from './failure.ts'

/** The bytes of a file that was named on the command line. */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new CommandFailure(`cannot read ${path}: ${whyUnreadable(error)}`)
  }
}

/** The text of a file; `-` is standard input. */
export async function readText(path: string): Promise<string> {
  if (path === '-') return await text(process.stdin)
  return new TextDecoder().decode(await readBytes(path))
}

export function whyUnreadable(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EISDIR') return 'it is a folder'
  if (code === 'EACCES') return 'permission denied'
  return message
}
