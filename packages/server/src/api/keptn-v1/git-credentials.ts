import type { GitCredentials, ShownGitCredentials } from '@tiphys/contract/http/keptn-project.ts'
import { parseRepositoryUrl } from '@tiphys/contract/repository-url.ts'
import type { UpstreamConnection, UpstreamProxy, UpstreamState } from '../../ports/upstreams.ts'
import { type Refusal, refuse } from '../answer.ts'
import { decodeBase64Text } from './base64.ts'

type Read = { readonly ok: true; readonly connection: UpstreamConnection | undefined } | Refusal

/** `proxy.example.com:3128`; git would read anything else as part of a URL. */
const PROXY_ADDRESS = /^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$/

/** Keptn's `gitCredentials` as a connection. Clients send an empty object when they have none: that is no upstream. */
export function readGitCredentials(given: GitCredentials | null | undefined): Read {
  const remoteUrl = given?.remoteURL?.trim()
  if (given === null || given === undefined || remoteUrl === undefined || remoteUrl === '') {
    return hasCredentials(given)
      ? refuse('invalid', 'gitCredentials need a remoteURL')
      : { ok: true, connection: undefined }
  }
  const parsed = parseRepositoryUrl(remoteUrl)
  if (parsed.code === 'invalid') {
    return refuse('upstream-url-refused', `gitCredentials.remoteURL: ${parsed.message}`)
  }
  const user = given.user ? { user: given.user } : {}
  if (parsed.protocol === 'ssh') return readSsh(given, { remoteUrl, ...user })
  if (given.ssh?.privateKey) {
    return refuse('invalid', `gitCredentials.ssh goes with an ssh URL, not with ${parsed.protocol}`)
  }
  return readHttps(given, { remoteUrl, ...user })
}

/** What may be shown of it. */
export function shownGitCredentials({ connection }: UpstreamState): ShownGitCredentials {
  const { remoteUrl, user, insecureSkipTls, proxy } = connection
  const isHttps = remoteUrl.startsWith('http')
  const shownProxy = proxy && {
    url: proxy.address,
    scheme: proxy.scheme,
    ...(proxy.user === undefined ? {} : { user: proxy.user }),
  }
  const https = {
    insecureSkipTLS: insecureSkipTls === true,
    ...(shownProxy === undefined ? {} : { proxy: shownProxy }),
  }
  return {
    remoteURL: remoteUrl,
    ...(user === undefined ? {} : { user }),
    ...(isHttps ? { https } : {}),
  }
}

function readSsh(given: GitCredentials, base: UpstreamConnection): Read {
  const { ssh } = given
  if (!ssh?.privateKey) {
    return refuse('invalid', 'an ssh URL needs gitCredentials.ssh.privateKey, in base64')
  }
  const key = decodeBase64Text(ssh.privateKey, 'gitCredentials.ssh.privateKey')
  if (!key.ok) return key
  const passphrase = ssh.privateKeyPass ? { privateKeyPassphrase: ssh.privateKeyPass } : {}
  return { ok: true, connection: { ...base, privateKey: key.text, ...passphrase } }
}

function readHttps(given: GitCredentials, base: UpstreamConnection): Read {
  const { https } = given
  let connection = base
  if (https?.token) connection = { ...connection, token: https.token }
  if (https?.insecureSkipTLS) connection = { ...connection, insecureSkipTls: true }
  if (https?.certificate) {
    const certificate = decodeBase64Text(https.certificate, 'gitCredentials.https.certificate')
    if (!certificate.ok) return certificate
    if (!certificate.text.includes('-----BEGIN CERTIFICATE-----')) {
      return refuse('invalid', 'gitCredentials.https.certificate is no PEM certificate in base64')
    }
    connection = { ...connection, caCertificate: certificate.text }
  }
  if (!https?.proxy?.url) return { ok: true, connection }
  const { url: address, scheme, user, password } = https.proxy
  if (!PROXY_ADDRESS.test(address)) {
    return refuse(
      'invalid',
      'gitCredentials.https.proxy.url: expected a host and a port, without a scheme',
    )
  }
  const login = user ? { user, ...(password ? { password } : {}) } : {}
  const proxy: UpstreamProxy = { scheme, address, ...login }
  return { ok: true, connection: { ...connection, proxy } }
}

function hasCredentials(given: GitCredentials | null | undefined): boolean {
  return Boolean(given?.https?.token || given?.ssh?.privateKey)
}
