import type { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { VERSION } from '../../version.ts'
import type { Span, SpanAttributes, SpanReference } from './span.ts'
import type { TraceSettings } from './trace-settings.ts'

/** Hands spans to a collector. */
export type SpanSender = {
  send(spans: readonly Span[]): Promise<SendOutcome>
}

export type SendOutcome =
  | { readonly code: 'sent' }
  /** Trying again can help: nobody there, too busy, broken. */
  | { readonly code: 'unreachable'; readonly reason: string }
  /** The collector will never take these. */
  | { readonly code: 'rejected'; readonly reason: string }

/** One try with its own repeats inside; whoever calls tries again later. */
const EXPORT_TIMEOUT_MS = 5_000
const MS_PER_SECOND = 1_000
const NANOSECONDS_PER_MS = 1_000_000
const INTERNAL = 0
const OK = 1
const ERROR = 2
const SAMPLED = 1
const SUCCESS = 0
const FIRST_CLIENT_ERROR = 400
const FIRST_SERVER_ERROR = 500
const TIMEOUT = 408
const TOO_MANY = 429

/** OTLP over HTTP as JSON. Its packages are loaded here and only here: without traces they cost nothing. */
export async function createOtlpSender(settings: TraceSettings): Promise<SpanSender> {
  const [{ OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ])
  const { url, headers } = settings
  const exporter = new OTLPTraceExporter({
    url,
    headers: { ...headers },
    timeoutMillis: EXPORT_TIMEOUT_MS,
  })
  const resource = resourceFromAttributes({ ...settings.resource, 'service.version': VERSION })
  return {
    send: (spans) =>
      exported(
        exporter,
        spans.map((span) => readable(span, resource)),
      ),
  }
}

function exported(exporter: OTLPTraceExporter, spans: ReadableSpan[]): Promise<SendOutcome> {
  return new Promise((resolve) => {
    exporter.export(spans, ({ code, error }) => {
      if (code === SUCCESS) return resolve({ code: 'sent' })
      resolve(failureOf(error))
    })
  })
}

function failureOf(error: unknown): SendOutcome {
  const reason = error instanceof Error ? error.message : String(error)
  const status = typeof error === 'object' && error !== null && 'code' in error ? error.code : 0
  const isFinal =
    typeof status === 'number' &&
    status >= FIRST_CLIENT_ERROR &&
    status < FIRST_SERVER_ERROR &&
    status !== TIMEOUT &&
    status !== TOO_MANY
  if (!isFinal) return { code: 'unreachable', reason }
  return { code: 'rejected', reason: `HTTP ${status} ${reason}`.trim() }
}

function readable(span: Span, resource: ReadableSpan['resource']): ReadableSpan {
  const { parentSpanId, traceId, isError, message } = span
  return {
    name: span.name,
    kind: INTERNAL,
    spanContext: () => contextOf(span),
    ...(parentSpanId === undefined
      ? {}
      : { parentSpanContext: contextOf({ traceId, spanId: parentSpanId }) }),
    startTime: timeOf(span.startMs),
    endTime: timeOf(span.endMs),
    duration: timeOf(span.endMs - span.startMs),
    ended: true,
    status: isError ? { code: ERROR, message } : { code: OK },
    attributes: attributesOf(span.attributes),
    events: span.events.map(({ name, timeMs, attributes }) => ({
      name,
      time: timeOf(timeMs),
      attributes: attributesOf(attributes),
      droppedAttributesCount: 0,
    })),
    links: span.links.map((link) => ({ context: contextOf(link) })),
    resource,
    instrumentationScope: { name: 'tiphys', version: VERSION },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }
}

function contextOf({ traceId, spanId }: SpanReference) {
  return { traceId, spanId, traceFlags: SAMPLED }
}

function attributesOf(attributes: SpanAttributes) {
  return { ...attributes }
}

/** Seconds and nanoseconds. */
function timeOf(ms: number): [number, number] {
  const whole = Math.floor(ms / MS_PER_SECOND)
  return [whole, Math.round((ms - whole * MS_PER_SECOND) * NANOSECONDS_PER_MS)]
}
