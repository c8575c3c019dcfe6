/** A fault that requests meet until it is cleared, or `times` times. */
export type Fault = {
  /** Connections are cut without an answer. */
  down?: boolean
  /** Waits before the request is looked at. */
  slowMs?: number
  /** Answers with this status and a text body, as a proxy in front would. */
  status5xx?: number
  /** Takes the request, carries it out, and cuts the connection instead of answering. */
  loseAnswer?: boolean
  /** Only requests whose `METHOD path` matches this regular expression. */
  match?: string
  /** Ends by itself after this many requests. */
  times?: number
}

type ActiveFault = Fault & { left: number; pattern: RegExp | undefined }

/** Faults that were switched on, first one first. */
export class Faults {
  #active: ActiveFault[] = []

  set(fault: Fault): void {
    const pattern = fault.match === undefined ? undefined : new RegExp(fault.match)
    this.#active.push({ ...fault, left: fault.times ?? Number.POSITIVE_INFINITY, pattern })
  }

  clear(): void {
    this.#active = []
  }

  /** The fault that this request meets, which counts as one of its times. */
  take(method: string, path: string): Fault | undefined {
    const found = this.#active.find(
      ({ pattern }) => pattern === undefined || pattern.test(`${method} ${path}`),
    )
    if (found === undefined) return undefined
    found.left -= 1
    if (found.left <= 0) this.#active = this.#active.filter((fault) => fault !== found)
    return found
  }
}
