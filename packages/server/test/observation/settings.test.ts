import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { loadSettings } from '../../src/settings/load-settings.ts'

type Given = Readonly<Record<string, string>>

function load(environment: Given, text = '', flags: Given | { 'metrics-public': true } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'tiphys-observation-settings-'))
  try {
    const file = join(folder, 'tiphys.yaml')
    writeFileSync(file, text)
    return loadSettings({ flags, environment, file })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function loaded(...given: Parameters<typeof load>) {
  const result = load(...given)
  assert.ok(result.code === 'loaded', JSON.stringify(result))
  return result.settings
}

const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT'
const HEADERS = 'OTEL_EXPORTER_OTLP_HEADERS'
const COLLECTOR = { [ENDPOINT]: 'http://collector:4318' }

describe('settings of observation', () => {
  it('export no traces until somebody says where to', () => {
    const { traces, metricsPublic, metricLimits, logFormat } = loaded({})
    assert.deepEqual([traces, metricsPublic, logFormat], [undefined, false, undefined])
    assert.deepEqual(metricLimits, { maxProjects: 50, maxStages: 20 })
  })

  it('take the variables that OpenTelemetry names', () => {
    const { traces } = loaded({
      [ENDPOINT]: 'http://collector:4318/base/',
      [HEADERS]: 'x-key=a%20b, authorization=Bearer%20abc=',
      OTEL_SERVICE_NAME: 'tiphys-eu',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=prod,service.name=not-this',
    })
    assert.deepEqual(traces, {
      url: 'http://collector:4318/base/v1/traces',
      headers: { 'x-key': 'a b', authorization: 'Bearer abc=' },
      resource: { 'deployment.environment.name': 'prod', 'service.name': 'tiphys-eu' },
    })
    const whole = { ...COLLECTOR, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces.example/in' }
    assert.equal(loaded(whole).traces?.url, 'https://traces.example/in')
    assert.equal(loaded(COLLECTOR).traces?.resource['service.name'], 'tiphys')
    assert.equal(loaded({ ...COLLECTOR, OTEL_SDK_DISABLED: 'TRUE' }).traces, undefined)
    assert.equal(loaded({ ...COLLECTOR, OTEL_TRACES_EXPORTER: 'none' }).traces, undefined)
  })

  it('take tiphys.yaml where the environment says nothing', () => {
    const text = `logFormat: text
metrics: { public: true, maxProjects: 5, maxStages: 3 }
traces: { endpoint: "http://from-file:4318", serviceName: mine, headers: { x-key: from-file } }
`
    const settings = loaded({}, text)
    assert.equal(settings.logFormat, 'text')
    assert.equal(settings.metricsPublic, true)
    assert.deepEqual(settings.metricLimits, { maxProjects: 5, maxStages: 3 })
    assert.deepEqual(settings.traces, {
      url: 'http://from-file:4318/v1/traces',
      headers: { 'x-key': 'from-file' },
      resource: { 'service.name': 'mine' },
    })
    const both = loaded({ ...COLLECTOR, TIPHYS_LOG_FORMAT: 'json' }, text)
    assert.equal(both.traces?.url, 'http://collector:4318/v1/traces')
    assert.equal(both.logFormat, 'json')
    assert.equal(loaded({ TIPHYS_METRICS_PUBLIC: 'false' }, text).metricsPublic, false)
    assert.equal(loaded({}, '', { 'metrics-public': true }).metricsPublic, true)
  })

  it('say what is wrong in one sentence, and never a value that may be secret', () => {
    const cases: [Given, string, RegExp][] = [
      [
        { [ENDPOINT]: 'collector:4318' },
        '',
        /^OTEL_EXPORTER_OTLP_ENDPOINT is "collector:4318": expected an address like/,
      ],
      [{}, 'traces: { endpoint: nowhere }', /^traces\.endpoint is "nowhere": expected an address/],
      [
        { ...COLLECTOR, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
        '',
        /^OTEL_EXPORTER_OTLP_PROTOCOL is grpc: traces are sent as http\/json only/,
      ],
      [
        { ...COLLECTOR, [HEADERS]: 'x-key=fine,hunter22' },
        '',
        /^OTEL_EXPORTER_OTLP_HEADERS: entry 2 is not key=value/,
      ],
      [
        { ...COLLECTOR, [HEADERS]: 'x-key=%hunter22' },
        '',
        /entry 1 is not key=value, percent-encoded$/,
      ],
      [{ TIPHYS_LOG_FORMAT: 'xml' }, '', /^log format xml is not one of json, text$/],
      [
        { TIPHYS_METRICS_PUBLIC: 'maybe' },
        '',
        /^TIPHYS_METRICS_PUBLIC is "maybe": expected true or false$/,
      ],
      [{}, 'metrics: { maxProjects: -1 }', /metrics\.maxProjects/],
      [{}, 'metrics: { publik: true }', /unknown key publik in metrics; did you mean public\?/],
    ]
    for (const [environment, text, expected] of cases) {
      const result = load(environment, text)
      assert.ok(result.code === 'invalid', String(expected))
      assert.equal(result.problems.length, 1)
      assert.match(result.problems[0] ?? '', expected)
      assert.doesNotMatch(result.problems[0] ?? '', /hunter22/)
    }
  })
})
