import assert from 'node:assert/strict'
import { test } from 'node:test'
import { awsSignature } from './aws-signature.ts'

/**
 * Requests and results of the test suite that AWS publishes for Signature Version 4 (aws-sig-v4-test-suite.zip, also in botocore under
 * tests/unit/auth/aws4_testsuite), with its keys.
 */
const KEYS = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
}
const SCOPE = { service: 'service', region: 'us-east-1' }
const AT = Date.UTC(2015, 7, 30, 12, 36, 0)
const CREDENTIAL = 'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request'
const TOKEN =
  'AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=='

const VECTORS = {
  'post-vanilla': {
    request: { method: 'POST', url: 'https://example.amazonaws.com/', headers: {} },
    keys: KEYS,
    authorization: `${CREDENTIAL}, SignedHeaders=host;x-amz-date, Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b`,
  },
  'post-x-www-form-urlencoded': {
    request: {
      method: 'POST',
      url: 'https://example.amazonaws.com/',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: 'Param1=value1',
    },
    keys: KEYS,
    authorization: `${CREDENTIAL}, SignedHeaders=content-type;host;x-amz-date, Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a`,
  },
  'post-sts-header-before': {
    request: { method: 'POST', url: 'https://example.amazonaws.com/', headers: {} },
    keys: { ...KEYS, sessionToken: TOKEN },
    authorization: `${CREDENTIAL}, SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead`,
  },
  'get-vanilla-query-order-key-case': {
    request: {
      method: 'GET',
      url: 'https://example.amazonaws.com/?Param2=value2&Param1=value1',
      headers: {},
    },
    keys: KEYS,
    authorization: `${CREDENTIAL}, SignedHeaders=host;x-amz-date, Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500`,
  },
} as const

for (const [name, { request, keys, authorization }] of Object.entries(VECTORS)) {
  test(`signs as AWS' test suite does: ${name}`, () => {
    const headers = awsSignature(request, SCOPE, keys, AT)
    assert.equal(headers['authorization'], authorization)
    assert.equal(headers['x-amz-date'], '20150830T123600Z')
    const token = 'sessionToken' in keys ? keys.sessionToken : undefined
    assert.equal(headers['x-amz-security-token'], token)
  })
}

test('what is signed is what is sent: another body, host or header is another signature', () => {
  const { request } = VECTORS['post-x-www-form-urlencoded']
  const sign = (change: object) =>
    awsSignature({ ...request, ...change }, SCOPE, KEYS, AT)['authorization']
  const signatures = [
    sign({}),
    sign({ body: 'Param1=value2' }),
    sign({ url: 'https://example.amazonaws.com:8443/' }),
    sign({ headers: { 'Content-Type': 'text/plain' } }),
  ]
  assert.equal(new Set(signatures).size, signatures.length)
})
