import { askForCredential, type CredentialPower } from '../credentials/credential-request.ts'
import type { Fetched } from '../credentials/kept-credential.ts'
import { readSecretFile } from '../credentials/secret-file.ts'
import type { AwsIdentity } from './aws-identity.ts'
import { awsEndpoint } from './aws-regions.ts'
import { type AwsCredentials, awsSignature } from './aws-signature.ts'
import { readXmlLeaves } from './xml-leaves.ts'

const VERSION = '2011-06-15'
/** How the session is called in AWS' own records. */
const SESSION_NAME = 'tiphys'
const OK = 200

/** IAM roles for service accounts: the token that Kubernetes wrote into a file becomes credentials of a role. */
export async function webIdentityCredentials(
  identity: AwsIdentity,
  power: CredentialPower,
): Promise<Fetched<AwsCredentials>> {
  const {
    AWS_WEB_IDENTITY_TOKEN_FILE: file,
    AWS_ROLE_ARN: roleArn,
    AWS_ROLE_SESSION_NAME: sessionName,
  } = power.environment
  if (!file || !roleArn) {
    const missing = file ? 'AWS_ROLE_ARN' : 'AWS_WEB_IDENTITY_TOKEN_FILE'
    const message = `no AWS credentials: ${missing} is not set in the environment; EKS sets it for a service account with a role`
    return { ok: false, message }
  }
  const token = await readSecretFile(file)
  if (!token.ok) {
    return {
      ok: false,
      message: `no AWS credentials: AWS_WEB_IDENTITY_TOKEN_FILE ${token.message}`,
    }
  }
  return await askService(identity, power, {
    Action: 'AssumeRoleWithWebIdentity',
    RoleArn: roleArn,
    RoleSessionName: sessionName || SESSION_NAME,
    WebIdentityToken: token.text,
  })
}

/** Another role, in this account or another, with credentials that are there already. */
export async function assumeRole(
  identity: AwsIdentity & { readonly roleArn: string },
  own: AwsCredentials,
  power: CredentialPower,
): Promise<Fetched<AwsCredentials>> {
  const { roleArn, externalId } = identity
  const parameters = {
    Action: 'AssumeRole',
    RoleArn: roleArn,
    RoleSessionName: SESSION_NAME,
    ...(externalId === undefined ? {} : { ExternalId: externalId }),
  }
  return await askService(identity, power, parameters, own)
}

/** STS speaks AWS' Query protocol: a form in, XML out. */
async function askService(
  { region, stsUrl, tls }: AwsIdentity,
  power: CredentialPower,
  parameters: Readonly<Record<string, string>>,
  own?: AwsCredentials,
): Promise<Fetched<AwsCredentials>> {
  const request = {
    url: `${(stsUrl ?? awsEndpoint('sts', region)).replace(/\/+$/, '')}/`,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: new URLSearchParams({ Version: VERSION, ...parameters }).toString(),
  } as const
  const scope = { service: 'sts', region }
  const answer = await askForCredential(power, {
    ...request,
    ...(own && { secretHeaders: awsSignature(request, scope, own, power.nowMs()) }),
    tls,
  })
  if (!answer.ok) return { ok: false, message: `no AWS credentials: ${answer.message}` }
  return readCredentials(answer, `${parameters['Action']} of ${parameters['RoleArn']}`)
}

function readCredentials(
  { status, text }: { readonly status: number; readonly text: string },
  what: string,
): Fetched<AwsCredentials> {
  const leaves = readXmlLeaves(text)
  const [accessKeyId, secretAccessKey, sessionToken, expiration] = [
    'AccessKeyId',
    'SecretAccessKey',
    'SessionToken',
    'Expiration',
  ].map((name) => leaves.get(name))
  const expiresAtMs = Date.parse(expiration ?? '')
  const isWhole = accessKeyId && secretAccessKey && sessionToken && Number.isFinite(expiresAtMs)
  if (status === OK && isWhole) {
    return { ok: true, value: { accessKeyId, secretAccessKey, sessionToken }, expiresAtMs }
  }
  const words = [leaves.get('Code'), leaves.get('Message')].filter(Boolean).join(': ')
  const because = words === '' ? 'it sent no credentials' : words
  return { ok: false, message: `no AWS credentials: ${what} was answered ${status}, ${because}` }
}
