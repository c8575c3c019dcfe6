/** A Git URL taken apart: where the repository is, whatever way one gets there. */
export type RepositoryUrl =
  | {
      readonly code: 'url'
      readonly protocol: 'https' | 'http' | 'ssh' | 'file'
      /** Lower case, with a port where it is not the protocol's own; '' for files. */
      readonly host: string
      readonly user?: string
      /** Without the slashes around it and without `.git`. */
      readonly path: string
    }
  | { readonly code: 'invalid'; readonly message: string }

const MAX_URL_CHARACTERS = 2_048
const UNWANTED = /[\p{Cc}\s"'<>\\^`{|}]/u
const URL_FORM = /^(https?|ssh|file):\/\/(?:([^@/]*)@)?([^/@?#]*)\/([^?#]*)$/i
/** `git@github.com:acme/shop.git`; a path that begins with `//` is no such form. */
const SCP_FORM = /^(?:([A-Za-z0-9_.-]+)@)?([A-Za-z0-9.-]+):(?!\/\/)(.+)$/
const HOST = /^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$/

const OWN_PORT: Readonly<Record<string, string>> = { https: ':443', http: ':80', ssh: ':22' }

/**
 * Reads https, http, ssh and file URLs and the short ssh form. Whether a protocol may be used is the server's settings to say;
 * credentials in a URL are refused here, because URLs end up in logs, events and process lists.
 */
export function parseRepositoryUrl(url: string): RepositoryUrl {
  if (url.length > MAX_URL_CHARACTERS) return invalid('is too long')
  if (url.startsWith('-') || UNWANTED.test(url)) return invalid('has characters that no URL has')
  const form = URL_FORM.exec(url)
  if (form !== null) return fromUrlForm(form)
  const scp = SCP_FORM.exec(url)
  if (scp === null) return invalid('is no https:// or ssh:// URL')
  return located('ssh', scp[1], scp[2] ?? '', scp[3] ?? '')
}

function fromUrlForm(form: RegExpExecArray): RepositoryUrl {
  const [, scheme = '', user, host = '', path = ''] = form
  const protocol = scheme.toLowerCase() as 'https' | 'http' | 'ssh' | 'file'
  if (user !== undefined && (protocol !== 'ssh' || user.includes(':'))) {
    return invalid("has credentials in it; they belong into the server's settings")
  }
  return located(protocol, user, host, path)
}

function located(
  protocol: 'https' | 'http' | 'ssh' | 'file',
  user: string | undefined,
  host: string,
  path: string,
): RepositoryUrl {
  if (protocol === 'file' ? host !== '' : !HOST.test(host)) return invalid('has no valid host name')
  // ssh takes a host that begins with a dash for an option of its own; HOST refuses it, a user name needs the same.
  if (user?.startsWith('-')) return invalid('has no valid user name')
  const plain = path
    .replace(/^\/+/, '')
    .replace(/\/+$/, '')
    .replace(/\.git$/i, '')
  if (plain === '') return invalid('names no repository')
  if (plain.split('/').includes('..')) return invalid('has the part .. in its path')
  const own = OWN_PORT[protocol] ?? ''
  const lower = host.toLowerCase()
  return {
    code: 'url',
    protocol,
    host: own !== '' && lower.endsWith(own) ? lower.slice(0, -own.length) : lower,
    ...(user === undefined || user === '' ? {} : { user }),
    path: plain,
  }
}

function invalid(what: string): RepositoryUrl {
  return { code: 'invalid', message: `repository URL ${what}` }
}

/**
 * Whether two URLs name one repository. Protocol, user, default ports, `.git`, case and slashes at the end do not count: Argo CD may
 * read by ssh what we push to by https. Texts that are no URLs are equal when they are the same text.
 */
export function sameRepository(left: string, right: string): boolean {
  return repositoryKey(left) === repositoryKey(right)
}

/** One text per repository, for comparing and as a key. */
export function repositoryKey(url: string): string {
  const parsed = parseRepositoryUrl(url.trim())
  if (parsed.code === 'invalid') return url.trim()
  // A path on this machine is told apart by case; hosts that serve Git are not (Argo CD compares so too).
  if (parsed.protocol === 'file') return `file:${parsed.path}`
  return `${parsed.host}/${parsed.path}`.toLowerCase()
}
