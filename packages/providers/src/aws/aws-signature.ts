import aws4 from 'aws4'

/** Keys of an AWS identity; temporary ones come with a session token. */
export type AwsCredentials = {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

export type SignedRequest = {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
}

/**
 * The headers that make a request AWS' own (Signature Version 4, "Create a signed AWS API request" in the IAM user guide). All given headers
 * are signed, and the host as Node writes it; what is added on the way (accept, connection) is not.
 */
export function awsSignature(
  request: SignedRequest,
  scope: { readonly service: string; readonly region: string },
  { accessKeyId, secretAccessKey, sessionToken }: AwsCredentials,
  nowMs: number,
): Readonly<Record<string, string>> {
  const url = new URL(request.url)
  const stamp = basicTimestamp(nowMs)
  const own = {
    'x-amz-date': stamp,
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
  }
  const signer = new aws4.RequestSigner(
    {
      ...scope,
      method: request.method,
      path: `${url.pathname}${url.search}`,
      headers: { ...request.headers, host: url.host, ...own },
      body: request.body ?? '',
      // Which headers are sent is decided here, and nowhere else.
      doNotModifyHeaders: true,
    },
    { accessKeyId, secretAccessKey },
  )
  signer.datetime = stamp
  return { ...own, authorization: signer.authHeader() }
}

/** ISO 8601 in its basic form: `20150830T123600Z`. */
function basicTimestamp(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/[:-]|\.\d{3}/g, '')
}
