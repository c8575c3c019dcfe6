import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startServer } from '../../test/answering-server.ts'
import type { Answer, Seen } from '../../test/provider-contract.ts'
import { createGuardedHttp, type GuardedHttp } from '../http/guarded-http.ts'
import { awsCredentialSource } from './aws-credentials.ts'
import type { AwsIdentity } from './aws-identity.ts'

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)
const EXPIRY = '2026-01-02T09:04:05Z'
const RETRY = { attempts: 2, firstDelayMs: 1, maxDelayMs: 2 }
const ROLE = 'arn:aws:iam::123456789012:role/demo'
/** "To assume a role" of the API reference of AWS STS. */
const KEYS = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY',
  sessionToken: 'AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4',
}
/** Of container agents: "Container credential provider" in the reference guide of the SDKs. */
const FROM_AGENT = {
  RoleArn: ROLE,
  AccessKeyId: KEYS.accessKeyId,
  SecretAccessKey: KEYS.secretAccessKey,
  Token: KEYS.sessionToken,
  Expiration: EXPIRY,
}

type Environment = Readonly<Record<string, string>>

async function find(
  identity: Omit<AwsIdentity, 'region'>,
  environment: Environment | ((url: string) => Environment),
  answer: (seen: Seen, count: number) => Answer,
  wrap: (http: GuardedHttp, url: string) => GuardedHttp = (http) => http,
) {
  await using server = await startServer((seen, _response, count) => answer(seen, count))
  const given = typeof environment === 'function' ? environment(server.url) : environment
  const source = awsCredentialSource(
    { region: 'eu-central-1', stsUrl: server.url, ...identity },
    {
      http: wrap(createGuardedHttp(), server.url),
      retry: RETRY,
      environment: given,
      nowMs: () => NOW,
    },
  )
  const found = await source()
  const again = await source()
  assert.deepEqual(again, found, 'the same again')
  return { found, seen: server.seen }
}

const NOTHING = () => ({ status: 500, body: '' })

/** As AWS shows it for AssumeRole and AssumeRoleWithWebIdentity, trimmed. */
function stsAnswer(action: string): Answer {
  const body = `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <${action}Result>
    <AssumedRoleUser>
      <Arn>arn:aws:sts::123456789012:assumed-role/demo/tiphys</Arn>
      <AssumedRoleId>ARO123EXAMPLE123:tiphys</AssumedRoleId>
    </AssumedRoleUser>
    <Credentials>
      <SessionToken>${KEYS.sessionToken}</SessionToken>
      <SecretAccessKey>
        ${KEYS.secretAccessKey}
      </SecretAccessKey>
      <Expiration>${EXPIRY}</Expiration>
      <AccessKeyId>${KEYS.accessKeyId}</AccessKeyId>
    </Credentials>
  </${action}Result>
  <ResponseMetadata><RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId></ResponseMetadata>
</${action}Response>`
  return { headers: { 'content-type': 'text/xml' }, body }
}

const FOUND = { ok: true, value: KEYS, expiresAtMs: Date.parse(EXPIRY) }

test('static keys and those of the environment are taken as they are', async () => {
  const fixed = await find({ credentials: 'static', ...KEYS }, {}, NOTHING)
  assert.deepEqual(fixed.found, { ok: true, value: KEYS })
  const environment = {
    AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
    AWS_SESSION_TOKEN: KEYS.sessionToken,
  }
  const shared = await find({ credentials: 'environment' }, environment, NOTHING)
  assert.deepEqual(shared.found, { ok: true, value: KEYS })
  const { AWS_SECRET_ACCESS_KEY: _left, ...half } = environment
  assert.deepEqual((await find({ credentials: 'environment' }, half, NOTHING)).found, {
    ok: false,
    message: 'no AWS credentials: AWS_SECRET_ACCESS_KEY is not set in the environment',
  })
})

test('a container asks its agent, with the token of the file, and once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tiphys-aws-'))
  try {
    const file = join(folder, 'token')
    await writeFile(file, 'pod-identity-token\n')
    const environment = (url: string) => ({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/v1/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: 'not this one',
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file,
    })
    const { found, seen } = await find({ credentials: 'container' }, environment, () => ({
      body: FROM_AGENT,
    }))
    assert.deepEqual(found, FOUND)
    assert.equal(seen.length, 1)
    assert.deepEqual(
      [seen[0]?.method, seen[0]?.url, seen[0]?.headers.authorization],
      ['GET', '/v1/credentials', 'pod-identity-token'],
    )
  } finally {
    await rm(folder, { recursive: true })
  }
})

test("agents of ECS and EKS are asked at link-local addresses that users' URLs may not reach", async () => {
  const asked: string[] = []
  const wrap = (http: GuardedHttp, url: string): GuardedHttp => ({
    check: http.check,
    async request(request) {
      asked.push(`${request.urlClass} ${request.url}`)
      // The policy of the real address is asked before the request goes to the server of this test.
      await http.check(request.url, request.urlClass)
      await assert.rejects(http.check(request.url, 'user'), /link-local/)
      const { pathname } = new URL(request.url)
      return await http.request({ ...request, url: `${url}${pathname}` })
    },
  })
  const answer = () => ({ body: FROM_AGENT })
  const ecs = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/0e5a' }
  const pod = { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.23/v1/credentials' }
  for (const environment of [ecs, pod]) {
    const { found } = await find({ credentials: 'container' }, environment, answer, wrap)
    assert.deepEqual(found, FOUND)
  }
  assert.deepEqual(asked, [
    'operator http://169.254.170.2/v2/credentials/0e5a',
    'operator http://169.254.170.23/v1/credentials',
  ])
})

test('no token goes to an agent that is none, and what an agent refuses is said', async () => {
  for (const [environment, message] of [
    [{}, /^no AWS credentials: neither AWS_CONTAINER_CREDENTIALS_FULL_URI nor/],
    [{ AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://10.0.0.1/x' }, /is no https address/],
    [{ AWS_CONTAINER_CREDENTIALS_FULL_URI: 'nonsense' }, /is no https address/],
    [
      {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/x',
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/nowhere/token',
      },
      /AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE \/nowhere\/token cannot be read \(ENOENT\)$/,
    ],
  ] as const) {
    const { found } = await find({ credentials: 'container' }, environment, NOTHING)
    assert.match(found.ok ? '' : found.message, message)
  }
  const environment = (url: string) => ({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/c` })
  const refused = await find({ credentials: 'container' }, environment, () => ({
    status: 403,
    body: { code: 'AccessDenied', message: 'no association' },
  }))
  assert.match(
    refused.found.ok ? '' : refused.found.message,
    /^no AWS credentials: 127\.0\.0\.1:\d+ answered 403, AccessDenied: no association$/,
  )
})

/** "Retrieve security credentials from instance metadata" of the EC2 user guide. */
function instanceAnswer({ method, url, headers }: Seen): Answer {
  if (method === 'PUT') return { body: 'AQAEANTOKEN' }
  if (headers['x-aws-ec2-metadata-token'] !== 'AQAEANTOKEN') return { status: 401, body: '' }
  if (url.endsWith('/security-credentials/')) return { body: 's3access' }
  const { RoleArn: _, ...credentials } = FROM_AGENT
  const body = { Code: 'Success', LastUpdated: EXPIRY, Type: 'AWS-HMAC', ...credentials }
  return { body }
}

test('an instance gives the credentials of its role, to who has a token (IMDSv2)', async () => {
  const environment = (url: string) => ({ AWS_EC2_METADATA_SERVICE_ENDPOINT: url })
  const { found, seen } = await find({ credentials: 'instance' }, environment, instanceAnswer)
  assert.deepEqual(found, FOUND)
  assert.deepEqual(
    seen.map(({ method, url }) => `${method} ${url}`),
    [
      'PUT /latest/api/token',
      'GET /latest/meta-data/iam/security-credentials/',
      'GET /latest/meta-data/iam/security-credentials/s3access',
    ],
  )
  assert.equal(seen[0]?.headers['x-aws-ec2-metadata-token-ttl-seconds'], '60')
  const bare = await find({ credentials: 'instance' }, environment, (one) =>
    one.method === 'PUT' ? { body: 'AQAEANTOKEN' } : { status: 404, body: '' },
  )
  assert.deepEqual(bare.found, {
    ok: false,
    message: 'no AWS credentials: the instance has no role',
  })
  const old = await find({ credentials: 'instance' }, environment, () => ({
    status: 403,
    body: '',
  }))
  assert.match(old.found.ok ? '' : old.found.message, /answered 403 when asked for a token$/)
  const off = { AWS_EC2_METADATA_DISABLED: 'true' }
  const disabled = await find({ credentials: 'instance' }, off, NOTHING)
  assert.match(disabled.found.ok ? '' : disabled.found.message, /AWS_EC2_METADATA_DISABLED is true/)
})

test('a token of Kubernetes becomes credentials of a role (IRSA), unsigned', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tiphys-aws-'))
  try {
    const file = join(folder, 'token')
    await writeFile(file, 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln')
    const environment = { AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: ROLE }
    const { found, seen } = await find({ credentials: 'web-identity' }, environment, () =>
      stsAnswer('AssumeRoleWithWebIdentity'),
    )
    assert.deepEqual(found, FOUND)
    assert.equal(seen.length, 1)
    assert.equal(seen[0]?.headers.authorization, undefined)
    assert.deepEqual(Object.fromEntries(new URLSearchParams(seen[0]?.body)), {
      Version: '2011-06-15',
      Action: 'AssumeRoleWithWebIdentity',
      RoleArn: ROLE,
      RoleSessionName: 'tiphys',
      WebIdentityToken: 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln',
    })
  } finally {
    await rm(folder, { recursive: true })
  }
  const unset = await find({ credentials: 'web-identity' }, { AWS_ROLE_ARN: ROLE }, NOTHING)
  assert.match(unset.found.ok ? '' : unset.found.message, /AWS_WEB_IDENTITY_TOKEN_FILE is not set/)
})

test('a role is assumed with the first credentials, signed for STS', async () => {
  const { found, seen } = await find(
    {
      credentials: 'static',
      accessKeyId: 'AKIDEXAMPLE',
      secretAccessKey: 'secret',
      roleArn: ROLE,
      externalId: '123ABC',
    },
    {},
    () => stsAnswer('AssumeRole'),
  )
  assert.deepEqual(found, FOUND)
  assert.equal(seen.length, 1)
  assert.match(
    seen[0]?.headers.authorization ?? '',
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20260102\/eu-central-1\/sts\/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=[0-9a-f]{64}$/,
  )
  const form = new URLSearchParams(seen[0]?.body)
  assert.deepEqual(
    ['Action', 'RoleArn', 'ExternalId'].map((name) => form.get(name)),
    ['AssumeRole', ROLE, '123ABC'],
  )
})

test('what STS refuses is said in its words, and what is no XML too', async () => {
  const identity = { credentials: 'static', ...KEYS, roleArn: ROLE } as const
  const refused = await find(identity, {}, () => ({
    status: 403,
    body: `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not authorized to perform: sts:AssumeRole</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
  }))
  assert.deepEqual(refused.found, {
    ok: false,
    message: `no AWS credentials: AssumeRole of ${ROLE} was answered 403, AccessDenied: not authorized to perform: sts:AssumeRole`,
  })
  for (const body of ['<html><body>proxy', '{"json":1}', '']) {
    const odd = await find(identity, {}, () => ({ body }))
    assert.match(odd.found.ok ? '' : odd.found.message, /was answered 200, it sent no credentials$/)
  }
  const gone = awsCredentialSource(
    { region: 'eu-central-1', stsUrl: 'http://127.0.0.1:1', ...identity },
    { http: createGuardedHttp(), retry: RETRY, environment: {}, nowMs: () => NOW },
  )
  const found = await gone()
  assert.match(found.ok ? '' : found.message, /^no AWS credentials: 127\.0\.0\.1:1 refused/)
})
