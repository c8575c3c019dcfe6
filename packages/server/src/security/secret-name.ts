import type { SecretData } from '../api/secrets-part.ts'

/** What Kubernetes, where Keptn kept its secrets, allows, and upper case. */
const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/
const KEY = /^[A-Za-z0-9._-]{1,253}$/
/** The limit of a Kubernetes secret. */
const MOST_BYTES = 1024 * 1024

/** One sentence about what is wrong with a secret, never with a value in it; undefined when it can be stored. */
export function faultOfSecret(secret: {
  readonly name: string
  readonly scope: string
  readonly data: SecretData
}): string | undefined {
  const { name, scope, data } = secret
  if (!NAME.test(name)) {
    return `secret name ${JSON.stringify(name)}: expected 1 to 253 letters, digits, dots, hyphens and underscores`
  }
  if (!NAME.test(scope)) {
    return `secret scope ${JSON.stringify(scope)}: expected letters, digits, dots, hyphens and underscores`
  }
  const badKey = Object.keys(data).find((key) => !KEY.test(key))
  if (badKey !== undefined) {
    return `key ${JSON.stringify(badKey)} of secret ${name}: expected letters, digits, dots, hyphens and underscores`
  }
  const sizeBytes = Buffer.byteLength(JSON.stringify(data))
  if (sizeBytes <= MOST_BYTES) return undefined
  return `secret ${name} has ${sizeBytes} bytes; at most ${MOST_BYTES} can be stored`
}
