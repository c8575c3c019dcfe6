/** How one Argo CD is reached. The token is a secret: it goes into a header and nowhere else. */
export type ArgoCdConnection = {
  /** What `argocd.yaml` calls it. */
  readonly name: string
  /** With its root path, if it has one: `https://argocd.example.com/argo`. */
  readonly url: string
  readonly token: string
  /** PEM, for a certificate of one's own authority. */
  readonly caCertificate?: string
  /** Takes any certificate: only for a self-signed Argo CD in a network of one's own. */
  readonly insecureSkipVerify?: boolean
  readonly requestTimeoutMs?: number
  /** A refresh blocks until Argo CD has compared with Git; it has no limit of its own. */
  readonly refreshTimeoutMs?: number
}

/** Why a connection cannot be used, in one sentence; undefined when it can. */
export function connectionFault(connection: ArgoCdConnection): string | undefined {
  const { name, url } = connection
  let parsed: URL
  try {
    parsed = new URL(url)
  } catch {
    return `the URL of Argo CD ${name} is not a URL: ${JSON.stringify(url)}`
  }
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:') {
    return `the URL of Argo CD ${name} must begin with https:// or http://`
  }
  if (parsed.username !== '' || parsed.password !== '') {
    return `the URL of Argo CD ${name} has credentials in it; they belong into the token`
  }
  if (parsed.search !== '' || parsed.hash !== '') {
    return `the URL of Argo CD ${name} has a query or fragment; only host and root path are expected`
  }
  if (connection.token === '' || /[^\x21-\x7e]/.test(connection.token)) {
    return `the token of Argo CD ${name} is empty or has characters that no token has`
  }
  return undefined
}
