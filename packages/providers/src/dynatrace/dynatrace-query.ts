/** What an indicator of `dynatrace/sli.yaml` asks for. */
export type DynatraceQuery =
  | { readonly kind: 'metrics'; readonly parameters: Parameters; readonly conversion?: Conversion }
  | { readonly kind: 'slo'; readonly id: string }
  /** Open problems, or open security problems: how many there are. */
  | { readonly kind: 'count'; readonly path: string; readonly parameters: Parameters }

type Parameters = Readonly<Record<string, string>>

/** What `MV2;<unit>;` makes of a value. */
export type Conversion = { readonly unit: string; readonly divisor: number }

export type ParsedDynatraceQuery =
  | { readonly ok: true; readonly query: DynatraceQuery }
  | { readonly ok: false; readonly message: string }

const METRICS_KEYS = ['metricSelector', 'entitySelector', 'resolution', 'mzSelector']
const BYTES_PER_KIB = 1024
const MICROSECONDS_PER_MS = 1000
/** By unit in lower case; Keptn's dynatrace-service converts the first two and nothing else. */
const CONVERSIONS: Readonly<Record<string, Conversion>> = {
  microsecond: { unit: 'ms', divisor: MICROSECONDS_PER_MS },
  byte: { unit: 'KiB', divisor: BYTES_PER_KIB },
  percent: { unit: '%', divisor: 1 },
  millisecond: { unit: 'ms', divisor: 1 },
  second: { unit: 's', divisor: 1 },
}

/**
 * The syntax of Keptn's dynatrace-service: `metricSelector=…&entitySelector=…`, with a prefix `MV2;<unit>;`, `SLO;<id>`, `PV2;…` or
 * `SECPV2;…`, and the older `<selector>?scope=…` (keptn-contrib/dynatrace-service, documentation/slis-via-files.md).
 */
export function parseDynatraceQuery(raw: string): ParsedDynatraceQuery {
  const text = raw.trim()
  const [, prefix, rest = ''] = /^([A-Z][A-Z0-9]*);(.*)$/s.exec(text) ?? []
  switch (prefix) {
    case undefined:
      return parseMetrics(text)
    case 'MV2':
      return parseConverted(rest)
    case 'SLO': {
      const id = rest.trim()
      return id === ''
        ? refused('SLO; needs the id of an SLO behind it')
        : { ok: true, query: { kind: 'slo', id } }
    }
    case 'PV2':
      return parseCount('problems', rest, ['problemSelector', 'entitySelector'])
    case 'SECPV2':
      return parseCount('securityProblems', rest, ['securityProblemSelector'])
    case 'USQL':
      return refused('USQL; is not supported: user sessions cannot be asked for')
    default:
      return refused(`${prefix}; is not known: there are MV2;, SLO;, PV2; and SECPV2;`)
  }
}

function refused(message: string): ParsedDynatraceQuery {
  return { ok: false, message }
}

function parseConverted(rest: string): ParsedDynatraceQuery {
  const [, unit, text = ''] = /^\s*([A-Za-z]+)\s*;(.*)$/s.exec(rest) ?? []
  if (unit === undefined) {
    return refused('MV2; needs a unit behind it: MV2;MicroSecond;metricSelector=…')
  }
  const parsed = parseMetrics(text.trim())
  if (!parsed.ok || parsed.query.kind !== 'metrics') return parsed
  const conversion = CONVERSIONS[unit.toLowerCase()] ?? { unit, divisor: 1 }
  return { ok: true, query: { ...parsed.query, conversion } }
}

function parseMetrics(text: string): ParsedDynatraceQuery {
  if (!/^&*\s*[A-Za-z]+=/.test(text)) return parseLegacy(text)
  const parsed = parseParameters(text, METRICS_KEYS)
  if (!parsed.ok) return parsed
  const { parameters } = parsed
  if (parameters['metricSelector'] === undefined) return refused('metricSelector= is missing')
  return { ok: true, query: { kind: 'metrics', parameters } }
}

/** `<selector>?scope=<entity selector>`: of the time before Dynatrace's metrics API knew other entities than services. */
function parseLegacy(text: string): ParsedDynatraceQuery {
  const mark = text.indexOf('?')
  const selector = (mark < 0 ? text : text.slice(0, mark)).trim()
  if (selector === '') return refused('metricSelector= is missing')
  const parameters = { metricSelector: selector, resolution: 'Inf' }
  const rest = mark < 0 ? '' : text.slice(mark + 1)
  if (rest.trim() === '') return { ok: true, query: { kind: 'metrics', parameters } }
  const parsed = parseParameters(rest, ['scope'])
  if (!parsed.ok) return parsed
  const scope = parsed.parameters['scope'] ?? ''
  const entitySelector = scope.includes('type(SERVICE)') ? scope : `${scope},type(SERVICE)`
  return { ok: true, query: { kind: 'metrics', parameters: { ...parameters, entitySelector } } }
}

function parseCount(path: string, text: string, keys: readonly string[]): ParsedDynatraceQuery {
  const parsed = parseParameters(text, keys)
  if (!parsed.ok) return parsed
  return { ok: true, query: { kind: 'count', path, parameters: parsed.parameters } }
}

type ParsedParameters =
  | { readonly ok: true; readonly parameters: Parameters }
  | { readonly ok: false; readonly message: string }

/** Not encoded, as in a file for people: `a=b&c=d=e` is b and `d=e`. */
function parseParameters(text: string, keys: readonly string[]): ParsedParameters {
  const parameters: Record<string, string> = {}
  const known = `there ${keys.length === 1 ? 'is' : 'are'} ${keys.join(', ')}`
  for (const chunk of text.split('&')) {
    if (chunk.trim() === '') continue
    const [, key = '', value = ''] = /^\s*([^=]*)=(.*)$/s.exec(chunk) ?? []
    if (key === '' || value.trim() === '') {
      return { ok: false, message: `${JSON.stringify(chunk.trim())} is no key=value; ${known}` }
    }
    if (!keys.includes(key)) return { ok: false, message: `${key}= is not known; ${known}` }
    if (Object.hasOwn(parameters, key)) return { ok: false, message: `${key}= is there twice` }
    parameters[key] = value.trim()
  }
  return { ok: true, parameters }
}
