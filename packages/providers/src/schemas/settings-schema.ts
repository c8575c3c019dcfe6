import { isJsonObject, type JsonObject } from '@tiphys/contract/json.ts'
import type { Annotations } from './annotated.ts'
import { DURATION, RETENTION } from './text-rules.ts'

const INSTANCE = 'argocd.instances[]'
const CREDENTIAL = 'git.credentials[]'
const URL_RULES: JsonObject = { format: 'uri', pattern: '^[A-Za-z][A-Za-z0-9+.-]*:' }

/** What an editor says about the tiphys.yaml of a server. Flags and the environment are stronger. */
export const SETTINGS_ANNOTATIONS: Annotations = {
  port: 'Left out: 8080.',
  host: 'The address it listens at. Left out: 127.0.0.1; any other needs TLS or behindProxy.',
  dataDir: 'Everything the server keeps. Left out: .tiphys.',
  databaseUrl: 'Left out: the embedded database in the data folder.',
  apiToken:
    'The first token. Better in TIPHYS_API_TOKEN; left out: made at the first start and shown once.',
  secretKey: 'Encrypts secrets. Better in TIPHYS_SECRET_KEY.',
  tlsCert: 'File with the certificate and its chain, PEM.',
  tlsKey: 'File with its key, PEM.',
  behindProxy: 'A proxy in front does TLS.',
  basePath: { text: 'Before every path.', examples: ['/tiphys'] },
  publicUrl: {
    text: 'How others reach this server; stands in links.',
    rules: URL_RULES,
    examples: ['https://tiphys.example.com'],
  },
  denyPrivate: 'Addresses from files and events may not be private ones.',
  allowLoopbackTargets: 'Tests may go to this machine: for trying it out.',
  logLevel: 'Left out: info.',
  logFormat: 'Left out: json where it is no terminal.',
  metrics: 'What /metrics shows.',
  'metrics.public': 'Without a token.',
  'metrics.maxProjects': 'So many are told apart.',
  'metrics.maxStages': 'So many of each project are told apart.',
  traces: 'OpenTelemetry.',
  'traces.endpoint': 'Where traces are sent, by OTLP over HTTP.',
  'traces.serviceName': 'Left out: tiphys.',
  'traces.headers': 'Sent with every trace.',
  argocd: 'The Argo CD instances.',
  'argocd.instances': 'One or several.',
  [`${INSTANCE}.name`]: 'What `instance` in argocd.yaml names.',
  [`${INSTANCE}.url`]: {
    text: 'Its API server.',
    rules: URL_RULES,
    examples: ['https://argocd.example.com'],
  },
  [`${INSTANCE}.token`]: 'Better in a file or in the environment.',
  [`${INSTANCE}.tokenFile`]: 'File that holds the token.',
  [`${INSTANCE}.tokenEnv`]: 'Variable of the environment that holds the token.',
  [`${INSTANCE}.caFile`]: 'PEM: the authorities that this connection trusts.',
  [`${INSTANCE}.insecureSkipVerify`]: 'Takes any certificate: for trying it out.',
  'argocd.reconcileEvery': {
    text: 'How often every application is looked at, whatever the notifications say.',
    rules: DURATION,
  },
  git: 'The repositories that Argo CD reads, and upstreams of projects.',
  'git.protocols': 'Left out: https and ssh.',
  'git.credentials': 'By the beginning of the URL; the longest that fits counts.',
  [`${CREDENTIAL}.match`]: {
    text: 'The beginning of the URLs.',
    examples: ['https://git.example.com/shop/'],
  },
  [`${CREDENTIAL}.user`]: 'For https.',
  [`${CREDENTIAL}.password`]: 'Password or token; better in a file or in the environment.',
  [`${CREDENTIAL}.passwordFile`]: 'File that holds it.',
  [`${CREDENTIAL}.passwordEnv`]: 'Variable of the environment that holds it.',
  [`${CREDENTIAL}.privateKeyFile`]: 'For ssh.',
  [`${CREDENTIAL}.passphraseEnv`]:
    'Variable of the environment that holds the passphrase of the key.',
  providers: 'Connections to metrics systems, by their kind: one, or a list.',
  loadTests: 'Of all projects together.',
  'loadTests.maxRate': 'Requests a second.',
  'loadTests.maxConnections': 'At once.',
  commands:
    'Programs that tests run on the machine of the server. docs/security.md says what that means.',
  'commands.enabled': 'Left out: false.',
  'commands.allow': 'Names of programs, or absolute paths. Left out: every program in the path.',
  'commands.maxConcurrent': 'So many at once.',
  'commands.maxOutputMb': 'So much output of one run is kept.',
  'commands.maxFileMb': 'So large may a file be that is kept.',
  'commands.maxRunMb': 'So much is kept of one run.',
  'commands.path': 'Where programs are looked for. Left out: the PATH of the server.',
  'commands.environment': 'Names of variables of the server that programs see.',
  shutdownGrace: { text: 'How long it goes on serving after a signal.', rules: DURATION },
  retention: {
    text: 'How long what is over is kept. Left out: forever.',
    rules: RETENTION,
    examples: ['90d'],
  },
}

/** Keys that connections share. A secret `x` has `xFile` and `xEnv` beside it. */
const CONNECTION_KEYS: Readonly<Record<string, string>> = {
  name: 'The folder of its `<name>/sli.yaml`. Left out: its kind.',
  projects:
    'Only for these projects. Left out: for every project without one of its own under this name.',
  timeout: 'For one question, retries not counted. Left out: 30s.',
  retention:
    'How long this system keeps what it measures: a window that begins earlier is not asked for.',
  headers: 'Sent with every question, to this address only.',
  caFile: 'PEM: the authorities that this connection trusts.',
  certFile: 'PEM: the certificate that this connection shows (mTLS).',
  keyFile: 'PEM: the key of certFile.',
  insecureSkipVerify: 'Takes any certificate: for trying it out.',
  url: 'Where it is, a path before its API included.',
  user: 'For basic authentication, with a password.',
  syntax: 'metricsql: queries are not checked before they are sent.',
  parameters: 'Sent beside every query.',
  region: 'Where it runs.',
  clientId: 'The OAuth client that asks, with its clientSecret.',
  resource: 'What the tokens of the OAuth client are for: urn:dtaccount:<uuid>.',
  scope: 'What the tokens of the OAuth client may do. Left out: reading metrics.',
  tokenUrl: 'Where the OAuth client gets its tokens. Left out: that of Dynatrace.',
  site: 'The site of Datadog that the organisation is at. Left out: datadoghq.com.',
  accountId: 'The account of New Relic whose data is asked for.',
  version:
    'Of InfluxDB. 1 is asked by InfluxQL, 2 by Flux, 3 by SQL, unless a query says otherwise.',
  database: 'Where a query of InfluxQL or SQL looks that names none itself.',
  retentionPolicy: 'Of InfluxDB 1. Left out: the default of the database.',
  organization: 'Of InfluxDB 2, by its name; Flux needs it.',
  credentialsIn:
    'query: user and password go as u and p into the address, for proxies that keep the header.',
  product: 'Says where SQL is answered. Left out: elasticsearch.',
  index: 'Where searches look that name no index themselves.',
  timeField: 'The field with the time of a document: the window is a filter on it.',
  kibana: 'Kibana or OpenSearch Dashboards, where reports link to.',
  credentials:
    'Where the identity comes from; nothing else is looked at. docs/providers.md has them.',
  roleArn: 'A role of AWS that is assumed with the credentials.',
  externalId: 'What the account of the role wants to hear when it is assumed.',
  stsUrl: 'Where roles of AWS are assumed. Left out: the token service of the region.',
  project: 'The project of Google Cloud whose metrics scope is asked.',
  app: 'The app of Splunk whose macros and lookups a search sees. Left out: search.',
  webUrl: 'Splunk Web, for the links of the report.',
}

/** The keys of connections with what they mean, at any depth below `providers`. */
export function withConnectionKeys(schema: JsonObject): JsonObject {
  const changed = Object.entries(schema).map(([key, value]) => {
    if (key === 'properties' && isJsonObject(value)) return [key, describedKeys(value)] as const
    if (Array.isArray(value)) {
      return [key, value.map((one) => (isJsonObject(one) ? withConnectionKeys(one) : one))] as const
    }
    return [key, isJsonObject(value) ? withConnectionKeys(value) : value] as const
  })
  return Object.fromEntries(changed)
}

function describedKeys(properties: JsonObject): JsonObject {
  const described = Object.entries(properties).map(([name, value]) => {
    if (!isJsonObject(value)) return [name, value] as const
    const inner = withConnectionKeys(value)
    const description = CONNECTION_KEYS[name] ?? secretDescription(name, properties)
    const isNoted = description === undefined || Object.hasOwn(inner, 'description')
    const rules = name === 'timeout' ? DURATION : name === 'retention' ? RETENTION : {}
    return [name, isNoted ? inner : { description, ...inner, ...rules }] as const
  })
  return Object.fromEntries(described)
}

function secretDescription(name: string, properties: JsonObject): string | undefined {
  const [, secret, way] = /^(.+)(File|Env)$/.exec(name) ?? []
  if (secret !== undefined && Object.hasOwn(properties, secret)) {
    return way === 'File'
      ? `File that holds ${secret}.`
      : `Variable of the environment that holds ${secret}.`
  }
  const isSecret =
    Object.hasOwn(properties, `${name}File`) && Object.hasOwn(properties, `${name}Env`)
  return isSecret ? `Better in ${name}File or ${name}Env.` : undefined
}
