import { userInfo } from 'node:os'

/** Who runs this command. A process without an entry in the user database has no name. */
export function userName(): string | undefined {
  try {
    return userInfo().username || undefined
  } catch {
    return undefined
  }
}
