/** One span as it is exported: plain data, equal for equal rows. */
export type Span = {
  /** 32 hexadecimal digits: the keptn context without its dashes. */
  readonly traceId: string
  /** 16 hexadecimal digits. */
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly startMs: number
  readonly endMs: number
  readonly isError: boolean
  /** What went wrong, when it did. */
  readonly message: string
  readonly attributes: SpanAttributes
  readonly events: readonly SpanEvent[]
  readonly links: readonly SpanReference[]
}

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>

export type SpanEvent = {
  readonly name: string
  readonly timeMs: number
  readonly attributes: SpanAttributes
}

export type SpanReference = { readonly traceId: string; readonly spanId: string }

const SPAN_ID_DIGITS = 16

export function traceIdOf(context: string): string {
  return context.replaceAll('-', '').toLowerCase()
}

/**
 * The span of whatever an event with this id began. The end of a UUID, because its beginning is the time, which neighbours share; its variant
 * bits stand in it, so it is never all zeros.
 */
export function spanIdOf(eventId: string): string {
  return eventId.replaceAll('-', '').toLowerCase().slice(-SPAN_ID_DIGITS)
}

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/
const ALL_ZEROS = /^0+$/
const FORBIDDEN_VERSION = 'ff'

/** The span that a `traceparent` names (W3C Trace Context); undefined when it is not well-formed. */
export function referenceOf(traceparent: unknown): SpanReference | undefined {
  if (typeof traceparent !== 'string' || traceparent.startsWith(FORBIDDEN_VERSION)) return undefined
  const [, traceId, spanId] = TRACEPARENT.exec(traceparent) ?? []
  if (traceId === undefined || spanId === undefined) return undefined
  return ALL_ZEROS.test(traceId) || ALL_ZEROS.test(spanId) ? undefined : { traceId, spanId }
}
