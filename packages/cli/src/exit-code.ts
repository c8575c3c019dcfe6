/** What the exit code of every command means (design: "Exit codes everywhere"). */
export const EXIT = {
  /** It worked; of a verdict: pass, and warning unless `--fail-on warning`. */
  pass: 0,
  /** The verdict is fail, or a check found something. */
  fail: 1,
  /** Wrong use, or a file or name that is wrong: the same call will never work. */
  usage: 2,
  /** No verdict: network, server or provider failed, or it took too long. The same call may work later. */
  noVerdict: 3,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
