import { z } from 'zod'
import type { Fetched } from '../credentials/kept-credential.ts'
import type { AwsCredentials } from './aws-signature.ts'

/** As container agents and the instance metadata service write it. */
const Good = z.looseObject({
  AccessKeyId: z.string().min(1),
  SecretAccessKey: z.string().min(1),
  Token: z.string().min(1),
  Expiration: z.iso.datetime({ offset: true }),
})
/** `code` and `message` of container agents, `Code` and `Message` of the instance metadata service. */
const Bad = z.looseObject({
  code: z.string().optional(),
  message: z.string().optional(),
  Code: z.string().optional(),
  Message: z.string().optional(),
})

const OK = 200

/** Credentials out of an answer of the platform that we run on. */
export function readMetadataCredentials(
  place: string,
  { status, text }: { readonly status: number; readonly text: string },
): Fetched<AwsCredentials> {
  const body = parsed(text)
  const good = Good.safeParse(body)
  if (status === OK && good.success) {
    const { AccessKeyId, SecretAccessKey, Token, Expiration } = good.data
    return {
      ok: true,
      value: {
        accessKeyId: AccessKeyId,
        secretAccessKey: SecretAccessKey,
        sessionToken: Token,
      },
      expiresAtMs: Date.parse(Expiration),
    }
  }
  const { code, message, Code, Message } = Bad.safeParse(body).data ?? {}
  const words = [code ?? Code, message ?? Message].filter(Boolean).join(': ')
  const because = words === '' ? 'it sent no credentials' : words
  return { ok: false, message: `no AWS credentials: ${place} answered ${status}, ${because}` }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
