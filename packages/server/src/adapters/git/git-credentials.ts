import { parseRepositoryUrl } from '@tiphys/contract/repository-url.ts'

/** How we show ourselves to a Git host. Found by repository URL in the server's settings; never part of a URL. */
export type GitCredentials =
  /** https: a password, or a token with whatever user name the host wants beside it. */
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  | { readonly kind: 'ssh-key'; readonly privateKey: string; readonly passphrase?: string }

/** Secrets that must not show in anything we say, should a host ever repeat them. */
export function secretsOf(credentials: GitCredentials | undefined): readonly string[] {
  if (credentials === undefined) return []
  const secret =
    credentials.kind === 'password' ? credentials.password : (credentials.passphrase ?? '')
  return secret === '' ? [] : [secret, encodeURIComponent(secret)]
}

/**
 * Whether credentials kept for `match` (`https://git.example.com`, `https://git.example.com/shop`, `git@git.example.com:shop`) are for a
 * repository: the same protocol and host, and the same beginning of the path, whole parts of it. `https://git.example.com` is
 * not for `https://git.example.com.evil.org/…`, nor for the same host over http.
 */
export function areFor(match: string, repository: string): boolean {
  const wanted = parseRepositoryUrl(repository)
  if (wanted.code === 'invalid') return false
  // A host alone is no repository URL; with any path behind it, it is one.
  const isHost = /^[a-z]+:\/\/[^/]+\/?$/i.test(match)
  const kept = parseRepositoryUrl(isHost ? `${match.replace(/\/$/, '')}/any` : match)
  if (kept.code === 'invalid') return false
  if (kept.protocol !== wanted.protocol || kept.host !== wanted.host) return false
  return isHost || wanted.path === kept.path || wanted.path.startsWith(`${kept.path}/`)
}
