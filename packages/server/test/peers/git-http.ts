import { spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BareRepository, openBareRepository } from './bare-repository.ts'

/**
 * A Git host for tests: the real `git http-backend` behind a small HTTP server on loopback. It can ask for a password, refuse pushes
 * with a message (a pre-receive hook, as hosts do), be slow, answer 500, and go down and come back on its port.
 */
export interface GitHttp extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, or https. */
  readonly url: string
  /** Of a repository: `<url>/<name>.git`. */
  urlOf(name: string): string
  /** Makes a bare repository with one commit on `main`. */
  createRepository(name: string, files: Readonly<Record<string, string>>): Promise<BareRepository>
  /** From now on only this user name and password are let in; undefined lets everybody in. */
  requirePassword(user: string, password: string | undefined): void
  /** Makes a repository refuse pushes with these words; undefined takes them again. */
  refusePushes(name: string, words: string | undefined): Promise<void>
  /** Called before each push is taken, after the client has sent it: the moment for somebody else's push. */
  beforePush(callback: (() => Promise<void>) | undefined): void
  /** Called after a push was taken, before the client hears of it. An answer of `drop` breaks the connection instead. */
  afterPush(callback: (() => 'answer' | 'drop') | undefined): void
  /** Waits that long before each answer. */
  delay(delayMs: number): void
  /** Answers every request with this status, and words that git shows as `remote: …`; undefined serves again. */
  answerWith(status: number | undefined, words?: string): void
  /** Stops listening and breaks every connection. */
  goDown(): Promise<void>
  /** Listens on the same port again. */
  comeBack(): Promise<void>
  /** `GET /shop.git/info/refs?service=git-upload-pack`, in order of arrival. */
  readonly requests: readonly string[]
}

/** With a key and a certificate in PEM it speaks https. */
export type GitHttpTls = { readonly key: string; readonly cert: string }

export async function openGitHttp(tls?: GitHttpTls): Promise<GitHttp> {
  const root = await mkdtemp(join(tmpdir(), 'tiphys-git-http-'))
  await mkdir(join(root, 'home'))
  const host = new GitHost(root, tls)
  await host.comeBack()
  return host
}

class GitHost implements GitHttp {
  readonly requests: string[] = []
  readonly #root: string
  readonly #server: Server
  readonly #scheme: string
  #port = 0
  #authorization: string | undefined
  #beforePush: (() => Promise<void>) | undefined
  #afterPush: (() => 'answer' | 'drop') | undefined
  #delayMs = 0
  #status: number | undefined
  #words = ''
  readonly #stop = new AbortController()

  constructor(root: string, tls: GitHttpTls | undefined) {
    this.#root = root
    this.#scheme = tls === undefined ? 'http' : 'https'
    const serve = (request: IncomingMessage, response: ServerResponse) =>
      void this.#serve(request, response)
    this.#server = tls === undefined ? createServer(serve) : createSecureServer(tls, serve)
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.#port}`
  }

  urlOf(name: string): string {
    return `${this.url}/${name}.git`
  }

  async createRepository(
    name: string,
    files: Readonly<Record<string, string>>,
  ): Promise<BareRepository> {
    const repository = await openBareRepository(join(this.#root, `${name}.git`), files)
    await repository.run(['config', 'http.receivepack', 'true'])
    return repository
  }

  requirePassword(user: string, password: string | undefined): void {
    this.#authorization =
      password === undefined
        ? undefined
        : `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  }

  async refusePushes(name: string, words: string | undefined): Promise<void> {
    const hook = join(this.#root, `${name}.git`, 'hooks', 'pre-receive')
    await rm(hook, { force: true })
    if (words === undefined) return
    await mkdir(join(this.#root, `${name}.git`, 'hooks'), { recursive: true })
    await writeFile(hook, `#!/bin/sh\ncat >/dev/null\ncat <<'WORDS' >&2\n${words}\nWORDS\nexit 1\n`)
    await chmod(hook, 0o755)
  }

  beforePush(callback: (() => Promise<void>) | undefined): void {
    this.#beforePush = callback
  }

  afterPush(callback: (() => 'answer' | 'drop') | undefined): void {
    this.#afterPush = callback
  }

  delay(delayMs: number): void {
    this.#delayMs = delayMs
  }

  answerWith(status: number | undefined, words = 'the host has a bad day'): void {
    this.#status = status
    this.#words = words
  }

  async goDown(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  async comeBack(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.goDown()
    await rm(this.#root, { recursive: true, force: true })
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests.push(`${request.method} ${request.url}`)
    const body = await bodyOf(request).catch(() => undefined)
    if (body === undefined) return
    if (this.#delayMs > 0 && !(await this.#pause(this.#delayMs))) return
    if (this.#status !== undefined) {
      const headers = { 'content-type': 'text/plain' }
      response.writeHead(this.#status, headers).end(`${this.#words}\n`)
      return
    }
    if (
      this.#authorization !== undefined &&
      request.headers.authorization !== this.#authorization
    ) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
      return
    }
    const isPush = request.method === 'POST' && request.url?.endsWith('/git-receive-pack') === true
    if (isPush) await this.#beforePush?.()
    const answer = await this.#backend(request, body)
    if (isPush && this.#afterPush?.() === 'drop') {
      response.destroy()
      return
    }
    response.writeHead(answer.status, answer.headers).end(answer.body)
  }

  /** False when the host was closed meanwhile. */
  async #pause(delayMs: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const timer = setTimeout(() => resolve(true), delayMs)
    this.#stop.signal.addEventListener('abort', () => resolve(false), { once: true })
    return await promise.finally(() => clearTimeout(timer))
  }

  /** One request through the CGI program. */
  async #backend(request: IncomingMessage, body: Buffer): Promise<CgiAnswer> {
    const [path = '/', query = ''] = (request.url ?? '/').split('?')
    const child = spawn('git', ['http-backend'], {
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: join(this.#root, 'home'),
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_PROJECT_ROOT: this.#root,
        GIT_HTTP_EXPORT_ALL: '1',
        REQUEST_METHOD: request.method ?? 'GET',
        PATH_INFO: decodeURIComponent(path),
        QUERY_STRING: query,
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        CONTENT_LENGTH: String(body.length),
        HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
        GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
        REMOTE_USER: 'tester',
        REMOTE_ADDR: '127.0.0.1',
      },
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(body)
    const chunks: Buffer[] = []
    for await (const chunk of child.stdout) chunks.push(chunk as Buffer)
    return parseCgi(Buffer.concat(chunks))
  }
}

type CgiAnswer = {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: Buffer
}

function parseCgi(output: Buffer): CgiAnswer {
  const end = output.indexOf('\r\n\r\n')
  const head = output.toString('latin1', 0, end === -1 ? 0 : end)
  const headers: Record<string, string> = {}
  let status = end === -1 ? 500 : 200
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon === -1) continue
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    if (name === 'status') status = Number.parseInt(value, 10)
    else headers[name] = value
  }
  return { status, headers, body: end === -1 ? output : output.subarray(end + 4) }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
