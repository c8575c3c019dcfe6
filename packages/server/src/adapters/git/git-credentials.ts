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
