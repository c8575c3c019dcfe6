/** One setting that a flag or the environment can give: help, docs and parsing come from this list. */
export type ServerFlag = {
  /** Without the dashes. */
  readonly flag: string
  readonly environment: string
  /** The key of tiphys.yaml. */
  readonly key: ServerFlagKey
  readonly kind: 'text' | 'integer' | 'boolean' | 'list'
  /** What a value is called in the help: `--port <number>`. */
  readonly value?: string
  readonly help: string
  /** Shown as the default. */
  readonly shownDefault?: string
}

export type ServerFlagKey =
  | 'port'
  | 'host'
  | 'dataDir'
  | 'databaseUrl'
  | 'apiToken'
  | 'secretKey'
  | 'tlsCert'
  | 'tlsKey'
  | 'behindProxy'
  | 'basePath'
  | 'publicUrl'
  | 'denyPrivate'
  | 'allowLoopbackTargets'
  | 'logLevel'
  | 'logFormat'
  | 'metricsPublic'
  | 'gitProtocols'
  | 'shutdownGrace'
  | 'retention'
  | 'allowCommands'

export const SERVER_FLAGS: readonly ServerFlag[] = [
  {
    flag: 'port',
    environment: 'TIPHYS_PORT',
    key: 'port',
    kind: 'integer',
    value: 'number',
    help: 'port to listen on; 0 picks a free one',
    shownDefault: '8080',
  },
  {
    flag: 'host',
    environment: 'TIPHYS_HOST',
    key: 'host',
    kind: 'text',
    value: 'address',
    help: 'address to listen on; other than loopback needs --tls-cert and --tls-key, or --behind-proxy',
    shownDefault: '127.0.0.1',
  },
  {
    flag: 'data-dir',
    environment: 'TIPHYS_DATA_DIR',
    key: 'dataDir',
    kind: 'text',
    value: 'folder',
    help: 'where everything is kept',
    shownDefault: '.tiphys',
  },
  {
    flag: 'database-url',
    environment: 'TIPHYS_DATABASE_URL',
    key: 'databaseUrl',
    kind: 'text',
    value: 'url',
    help: 'PostgreSQL instead of the embedded store (not built yet)',
  },
  {
    flag: 'api-token',
    environment: 'TIPHYS_API_TOKEN',
    key: 'apiToken',
    kind: 'text',
    value: 'token',
    help: 'the bootstrap token; unset: one is made up at the first start and shown once',
  },
  {
    flag: 'tls-cert',
    environment: 'TIPHYS_TLS_CERT',
    key: 'tlsCert',
    kind: 'text',
    value: 'file',
    help: 'certificate chain (PEM) to serve https with',
  },
  {
    flag: 'tls-key',
    environment: 'TIPHYS_TLS_KEY',
    key: 'tlsKey',
    kind: 'text',
    value: 'file',
    help: 'private key (PEM) of the certificate',
  },
  {
    flag: 'behind-proxy',
    environment: 'TIPHYS_BEHIND_PROXY',
    key: 'behindProxy',
    kind: 'boolean',
    help: 'a proxy in front ends TLS; clients are told apart by X-Forwarded-For',
  },
  {
    flag: 'base-path',
    environment: 'TIPHYS_BASE_PATH',
    key: 'basePath',
    kind: 'text',
    value: 'path',
    help: 'prefix of every route, like /tiphys',
  },
  {
    flag: 'public-url',
    environment: 'TIPHYS_PUBLIC_URL',
    key: 'publicUrl',
    kind: 'text',
    value: 'url',
    help: 'how people reach this server; used in links',
  },
  {
    flag: 'deny-private',
    environment: 'TIPHYS_DENY_PRIVATE',
    key: 'denyPrivate',
    kind: 'boolean',
    help: 'tests may not be sent to private addresses (10.x, 192.168.x …)',
  },
  {
    flag: 'allow-loopback-targets',
    environment: 'TIPHYS_ALLOW_LOOPBACK_TARGETS',
    key: 'allowLoopbackTargets',
    kind: 'boolean',
    help: 'tests may be sent to this machine itself: for trying things out',
  },
  {
    flag: 'allow-commands',
    environment: 'TIPHYS_ALLOW_COMMANDS',
    key: 'allowCommands',
    kind: 'boolean',
    help: 'tests may run programs on this machine; tiphys.yaml says which (commands.allow)',
  },
  {
    flag: 'git-protocols',
    environment: 'TIPHYS_GIT_PROTOCOLS',
    key: 'gitProtocols',
    kind: 'list',
    value: 'names',
    help: 'what URLs of GitOps repositories may begin with',
    shownDefault: 'https,ssh',
  },
  {
    flag: 'log-level',
    environment: 'TIPHYS_LOG_LEVEL',
    key: 'logLevel',
    kind: 'text',
    value: 'level',
    help: 'debug, info, warn or error',
    shownDefault: 'info',
  },
  {
    flag: 'log-format',
    environment: 'TIPHYS_LOG_FORMAT',
    key: 'logFormat',
    kind: 'text',
    value: 'format',
    help: 'json or text; unset: text on a terminal, json elsewhere',
  },
  {
    flag: 'metrics-public',
    environment: 'TIPHYS_METRICS_PUBLIC',
    key: 'metricsPublic',
    kind: 'boolean',
    help: '/metrics is answered without a token; otherwise it needs one with the scope read',
  },
  {
    flag: 'shutdown-grace',
    environment: 'TIPHYS_SHUTDOWN_GRACE',
    key: 'shutdownGrace',
    kind: 'text',
    value: 'time',
    help: 'after SIGTERM: how long to go on serving while /readyz says no, so that load balancers see it',
    shownDefault: '5s where others can reach it, else 0s',
  },
  {
    flag: 'retention',
    environment: 'TIPHYS_RETENTION',
    key: 'retention',
    kind: 'text',
    value: 'time',
    help: 'delete what has been over for longer, like 90d; tiphys/project.yaml may say otherwise',
    shownDefault: 'forever',
  },
]

/** A key is no flag: arguments are visible to everybody on the machine. */
export const SECRET_KEY_ENVIRONMENT = 'TIPHYS_SECRET_KEY'

/** Environment of the CLI that begins with the same letters and is no setting of the server. */
export const OTHER_ENVIRONMENT = [
  'TIPHYS_ENDPOINT',
  'TIPHYS_CONFIG',
  'TIPHYS_SLI_PASSWORD',
  'TIPHYS_SLI_TOKEN',
  'TIPHYS_TEST_PEERS',
  SECRET_KEY_ENVIRONMENT,
]
