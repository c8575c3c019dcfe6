import {
  askForCredential,
  type CredentialPower,
  LINK_LOCAL_TIMEOUT_MS,
} from '../credentials/credential-request.ts'
import type { Fetched } from '../credentials/kept-credential.ts'
import { readSecretFile } from '../credentials/secret-file.ts'
import type { AwsCredentials } from './aws-signature.ts'
import { readMetadataCredentials } from './metadata-answer.ts'

/** Where ECS answers. */
const ECS_ORIGIN = 'http://169.254.170.2'
/** Agents of ECS and EKS, which speak http, and hosts of this machine: nobody else may see the token without TLS. */
const PLAIN_HTTP_HOSTS: ReadonlySet<string> = new Set([
  '169.254.170.2',
  '169.254.170.23',
  '[fd00:ec2::23]',
  'localhost',
  '[::1]',
])

/**
 * EKS Pod Identity and ECS task roles ("Container credential provider" in the reference guide of AWS' SDKs): the platform names an address in
 * the environment, and a token for it.
 */
export async function containerCredentials(
  power: CredentialPower,
): Promise<Fetched<AwsCredentials>> {
  const url = addressOf(power.environment)
  if (!url.ok) return url
  const token = await tokenOf(power.environment)
  if (!token.ok) return token
  const answer = await askForCredential(power, {
    url: url.value.href,
    headers: { accept: 'application/json' },
    timeoutMs: LINK_LOCAL_TIMEOUT_MS,
    ...(token.value === '' ? {} : { secretHeaders: { authorization: token.value } }),
  })
  if (!answer.ok) return { ok: false, message: `no AWS credentials: ${answer.message}` }
  return readMetadataCredentials(url.value.host, answer)
}

function addressOf(environment: CredentialPower['environment']): Fetched<URL> {
  const {
    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: relative,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: full,
  } = environment
  if (!relative && !full) {
    const message =
      'no AWS credentials: neither AWS_CONTAINER_CREDENTIALS_FULL_URI nor AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is set; EKS Pod Identity and ECS set them'
    return { ok: false, message }
  }
  const url = URL.parse(relative ? `${ECS_ORIGIN}/${relative.replace(/^\/+/, '')}` : (full ?? ''))
  if (url === null || !isTrusted(url)) {
    const message =
      'no AWS credentials: AWS_CONTAINER_CREDENTIALS_FULL_URI is no https address, and no http address of this machine or of an agent of ECS or EKS'
    return { ok: false, message }
  }
  return { ok: true, value: url }
}

function isTrusted({ protocol, hostname }: URL): boolean {
  if (protocol === 'https:') return true
  const isLocal = PLAIN_HTTP_HOSTS.has(hostname) || /^127(\.\d+){3}$/.test(hostname)
  return protocol === 'http:' && isLocal
}

/** The file comes first: EKS renews it in place. */
async function tokenOf(environment: CredentialPower['environment']): Promise<Fetched<string>> {
  const file = environment['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE']
  if (!file) {
    return { ok: true, value: environment['AWS_CONTAINER_AUTHORIZATION_TOKEN']?.trim() ?? '' }
  }
  const read = await readSecretFile(file)
  if (read.ok) return { ok: true, value: read.text }
  const message = `no AWS credentials: AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE ${read.message}`
  return { ok: false, message }
}
