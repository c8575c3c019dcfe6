import type { ConnectionTls } from '@tiphys/contract/connections/connections.ts'

/** Where credentials come from, as the operator chose. */
export type AwsIdentity = {
  readonly region: string
  readonly credentials: 'static' | 'environment' | 'container' | 'web-identity' | 'instance'
  readonly accessKeyId?: string | undefined
  readonly secretAccessKey?: string | undefined
  readonly sessionToken?: string | undefined
  /** Assumed with the credentials above. */
  readonly roleArn?: string | undefined
  readonly externalId?: string | undefined
  readonly stsUrl?: string | undefined
  readonly tls?: ConnectionTls | undefined
}
