import {
  askForCredential,
  type CredentialAnswer,
  type CredentialPower,
  LINK_LOCAL_TIMEOUT_MS,
} from '../credentials/credential-request.ts'
import type { Fetched } from '../credentials/kept-credential.ts'
import type { AwsCredentials } from './aws-signature.ts'
import { readMetadataCredentials } from './metadata-answer.ts'

const IPV4 = 'http://169.254.169.254'
const IPV6 = 'http://[fd00:ec2::254]'
/** Of the token that opens the metadata service; it is asked for anew each time, so it need not live longer than the three questions. */
const TOKEN_LIFE_S = 60
const timeoutMs = LINK_LOCAL_TIMEOUT_MS
const CREDENTIALS_PATH = '/latest/meta-data/iam/security-credentials/'
const OK = 200
const NOT_FOUND = 404

/** The role of the EC2 instance, from its metadata service, version 2 only ("Use the Instance Metadata Service" in the EC2 user guide). */
export async function instanceCredentials(
  power: CredentialPower,
): Promise<Fetched<AwsCredentials>> {
  const { environment } = power
  if (environment['AWS_EC2_METADATA_DISABLED']?.toLowerCase() === 'true') {
    return none('AWS_EC2_METADATA_DISABLED is true in the environment')
  }
  const origin = originOf(environment)
  if (origin === undefined) return none('AWS_EC2_METADATA_SERVICE_ENDPOINT is no address')
  const token = await askForCredential(power, {
    url: `${origin}/latest/api/token`,
    method: 'PUT',
    timeoutMs,
    headers: { 'x-aws-ec2-metadata-token-ttl-seconds': String(TOKEN_LIFE_S) },
  })
  if (!isGood(token)) return none(whyNot(token, 'a token'))
  const secretHeaders = { 'x-aws-ec2-metadata-token': token.text.trim() }
  const read = (path: string) =>
    askForCredential(power, {
      url: `${origin}${CREDENTIALS_PATH}${path}`,
      secretHeaders,
      timeoutMs,
    })
  const roles = await read('')
  if (roles.ok && roles.status === NOT_FOUND) return none('the instance has no role')
  if (!isGood(roles)) return none(whyNot(roles, 'the name of a role'))
  const [role = ''] = roles.text.trim().split('\n')
  const answer = await read(encodeURIComponent(role))
  return answer.ok ? readMetadataCredentials(new URL(origin).host, answer) : none(answer.message)
}

function originOf(environment: CredentialPower['environment']): string | undefined {
  const {
    AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint,
    AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: mode,
  } = environment
  if (endpoint) return URL.parse(endpoint)?.origin
  return mode?.toLowerCase() === 'ipv6' ? IPV6 : IPV4
}

type Good = Extract<CredentialAnswer, { ok: true }>

function isGood(answer: CredentialAnswer): answer is Good {
  return answer.ok && answer.status === OK && answer.text.trim() !== ''
}

function whyNot(answer: CredentialAnswer, wanted: string): string {
  if (!answer.ok) return answer.message
  return `the instance metadata service answered ${answer.status} when asked for ${wanted}`
}

function none(why: string): Fetched<AwsCredentials> {
  return { ok: false, message: `no AWS credentials: ${why}` }
}
