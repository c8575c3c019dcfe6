import type { CredentialPower } from '../credentials/credential-request.ts'
import {
  type CredentialSource,
  type Fetched,
  keptCredential,
} from '../credentials/kept-credential.ts'
import type { AwsIdentity } from './aws-identity.ts'
import type { AwsCredentials } from './aws-signature.ts'
import { containerCredentials } from './container-credentials.ts'
import { instanceCredentials } from './instance-credentials.ts'
import { assumeRole, webIdentityCredentials } from './security-token-service.ts'

/** Credentials as AWS' own tools find them, but from one place that is named, and asked for anew only shortly before they end. */
export function awsCredentialSource(
  identity: AwsIdentity,
  power: CredentialPower,
): CredentialSource<AwsCredentials> {
  const first = firstSource(identity, power)
  const { roleArn } = identity
  if (roleArn === undefined) return first
  return keptCredential(async () => {
    const own = await first()
    return own.ok ? await assumeRole({ ...identity, roleArn }, own.value, power) : own
  }, power.nowMs)
}

function firstSource(
  identity: AwsIdentity,
  power: CredentialPower,
): CredentialSource<AwsCredentials> {
  switch (identity.credentials) {
    case 'static':
      return () => Promise.resolve(staticCredentials(identity))
    case 'environment':
      return () => Promise.resolve(environmentCredentials(power))
    case 'container':
      return keptCredential(() => containerCredentials(power), power.nowMs)
    case 'web-identity':
      return keptCredential(() => webIdentityCredentials(identity, power), power.nowMs)
    case 'instance':
      return keptCredential(() => instanceCredentials(power), power.nowMs)
    default:
      return identity.credentials satisfies never
  }
}

/** The settings' schema saw to it that they are there; a file or variable that could not be read was said at the start. */
function staticCredentials({
  accessKeyId = '',
  secretAccessKey = '',
  sessionToken,
}: AwsIdentity): Fetched<AwsCredentials> {
  return { ok: true, value: { accessKeyId, secretAccessKey, sessionToken } }
}

function environmentCredentials({ environment }: CredentialPower): Fetched<AwsCredentials> {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = environment
  if (!accessKeyId || !secretAccessKey) {
    const missing = accessKeyId ? 'AWS_SECRET_ACCESS_KEY' : 'AWS_ACCESS_KEY_ID'
    return { ok: false, message: `no AWS credentials: ${missing} is not set in the environment` }
  }
  return {
    ok: true,
    value: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
  }
}
