import type { TracesFile } from '@tiphys/contract/settings.ts'

/** Where spans go, complete and checked. */
export type TraceSettings = {
  /** The whole address: `http://collector:4318/v1/traces`. */
  readonly url: string
  /** May hold credentials. */
  readonly headers: Readonly<Record<string, string>>
  readonly resource: Readonly<Record<string, string>>
}

type Environment = Readonly<Record<string, string | undefined>>

const TRACES_PATH = 'v1/traces'
const DEFAULT_SERVICE_NAME = 'tiphys'
/** The specification's default names protobuf; every OTLP receiver takes JSON at the same address. */
const SPOKEN = ['http/json', 'http/protobuf']

/**
 * From the variables that OpenTelemetry names, else from `traces` in tiphys.yaml; undefined when neither names an endpoint, or tracing is switched
 * off. What is wrong is added to `problems`.
 */
export function traceSettings(
  environment: Environment,
  file: TracesFile | undefined,
  problems: string[],
): TraceSettings | undefined {
  const given = (name: string) => environment[name]?.trim() || undefined
  if (given('OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return undefined
  if (given('OTEL_TRACES_EXPORTER') === 'none') return undefined
  const url = endpointOf(given, file, problems)
  if (url === undefined) return undefined
  const protocol =
    given('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? given('OTEL_EXPORTER_OTLP_PROTOCOL')
  if (protocol !== undefined && !SPOKEN.includes(protocol)) {
    problems.push(
      `OTEL_EXPORTER_OTLP_PROTOCOL is ${protocol}: traces are sent as http/json only; name the collector's HTTP port (usually 4318) and that protocol`,
    )
  }
  const headersGiven =
    given('OTEL_EXPORTER_OTLP_TRACES_HEADERS') ?? given('OTEL_EXPORTER_OTLP_HEADERS')
  const headers = pairsOf('OTEL_EXPORTER_OTLP_HEADERS', headersGiven, problems)
  const attributes = pairsOf(
    'OTEL_RESOURCE_ATTRIBUTES',
    given('OTEL_RESOURCE_ATTRIBUTES'),
    problems,
  )
  const serviceName =
    given('OTEL_SERVICE_NAME') ??
    attributes['service.name'] ??
    file?.serviceName ??
    DEFAULT_SERVICE_NAME
  return {
    url,
    headers: { ...file?.headers, ...headers },
    resource: { ...attributes, 'service.name': serviceName },
  }
}

function endpointOf(
  given: (name: string) => string | undefined,
  file: TracesFile | undefined,
  problems: string[],
): string | undefined {
  const whole = given('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT')
  // The specification: this one is used as it is, the general one gets the path of the signal.
  if (whole !== undefined) return checked('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', whole, problems)
  const base = given('OTEL_EXPORTER_OTLP_ENDPOINT')
  const [name, endpoint] =
    base === undefined
      ? (['traces.endpoint', file?.endpoint] as const)
      : (['OTEL_EXPORTER_OTLP_ENDPOINT', base] as const)
  if (endpoint === undefined) return undefined
  const url = checked(name, endpoint, problems)
  return url === undefined ? undefined : `${url.replace(/\/+$/, '')}/${TRACES_PATH}`
}

function checked(name: string, endpoint: string, problems: string[]): string | undefined {
  const isHttp = /^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')
  if (isHttp) return endpoint
  problems.push(`${name} is ${JSON.stringify(endpoint)}: expected an address like http://host:4318`)
  return undefined
}

/** `key=value,key=value`, percent-encoded as in W3C Baggage. Values are not repeated in what is said: they may be secrets. */
function pairsOf(
  name: string,
  text: string | undefined,
  problems: string[],
): Record<string, string> {
  const pairs: Record<string, string> = {}
  for (const [index, part] of (text ?? '').split(',').entries()) {
    if (part.trim() === '') continue
    const at = part.indexOf('=')
    const key = part.slice(0, at).trim()
    const value = at > 0 && key !== '' ? decoded(part.slice(at + 1).trim()) : undefined
    if (value === undefined) {
      problems.push(`${name}: entry ${index + 1} is not key=value, percent-encoded`)
    } else pairs[key] = value
  }
  return pairs
}

function decoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value)
  } catch {
    return undefined
  }
}
