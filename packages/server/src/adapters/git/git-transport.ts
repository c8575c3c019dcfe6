import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** How one repository is reached over https, where that differs from the machine's own way. */
export type GitTransport = {
  /** PEM of the authority, or of the host itself, that is trusted instead of the system's authorities. */
  readonly caCertificate?: string
  /** Takes any certificate: whoever stands in between can read and change everything. */
  readonly insecureSkipTls?: boolean
  readonly proxy?: GitProxy
}

export type GitProxy = {
  readonly scheme: 'http' | 'https'
  /** `proxy.example.com:3128` */
  readonly address: string
  readonly user?: string
  readonly password?: string
}

/**
 * The environment of one command for a transport, and the file it needs. The password of a proxy is not part of its URL: git asks for
 * it, and askpass answers.
 */
export async function transportSession(
  folder: string,
  transport: GitTransport | undefined,
): Promise<{ readonly environment: Readonly<Record<string, string>>; readonly file?: string }> {
  if (transport === undefined) return { environment: {} }
  const { caCertificate, insecureSkipTls, proxy } = transport
  const environment: Record<string, string> = proxy === undefined ? {} : proxyEnvironment(proxy)
  if (insecureSkipTls === true) environment['GIT_SSL_NO_VERIFY'] = '1'
  if (caCertificate === undefined) return { environment }
  const file = join(folder, `${randomBytes(12).toString('hex')}.pem`)
  await writeFile(file, caCertificate, { mode: 0o600 })
  return { environment: { ...environment, GIT_SSL_CAINFO: file }, file }
}

function proxyEnvironment({ scheme, address, user, password }: GitProxy): Record<string, string> {
  const login = user === undefined ? '' : `${encodeURIComponent(user)}@`
  const url = `${scheme}://${login}${address}`
  return {
    https_proxy: url,
    HTTPS_PROXY: url,
    http_proxy: url,
    // What the machine reaches directly, this repository does not: somebody named a proxy for it.
    no_proxy: '',
    NO_PROXY: '',
    TIPHYS_GIT_PROXY_HOST: address,
    TIPHYS_GIT_PROXY_SECRET: password ?? '',
  }
}
