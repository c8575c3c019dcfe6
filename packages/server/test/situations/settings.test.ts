import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Installation, openInstallation } from '../end-to-end/harness.ts'
import { assertGolden } from './golden.ts'
import { inTurns, runCommand } from './run-command.ts'
import { printed, type Situation } from './situation.ts'

const FILES: Readonly<Record<string, string>> = {
  'unknown.yaml': 'prot: 8080\n',
  'wrong.yaml': 'port: eighty\n',
  'broken.yaml': 'argocd: [\n',
  'secretless.yaml':
    'argocd:\n  instances:\n    - url: https://argocd.example.com\n      tokenEnv: ARGOCD_TOKEN\n',
  'fileless.yaml':
    'argocd:\n  instances:\n    - url: https://argocd.example.com\n      tokenFile: argocd.token\n',
  'tokenless.yaml': 'argocd:\n  instances:\n    - url: https://argocd.example.com\n',
  'twins.yaml':
    'argocd:\n  instances:\n    - { url: "https://a.example.com", token: a }\n    - { url: "https://b.example.com", token: b }\n',
}

/** Every one of these must not start; a server that does anyway is ended by the time limit, and its row says so. */
describe('what users read: settings of the server', () => {
  let installation: Installation
  let listener: Server
  before(async () => {
    installation = await openInstallation()
    const { folder } = installation
    for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder, name), text)
    await mkdir(join(folder, 'other'))
    await writeFile(join(folder, 'other', 'secret.key'), 'too short\n', { mode: 0o600 })
    listener = createServer()
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  })
  after(async () => {
    await installation[Symbol.asyncDispose]()
    await new Promise((resolve) => listener.close(resolve))
  })

  const situations: Situation[] = []

  it('says why a server cannot start', async () => {
    const { folder } = installation
    const { port } = listener.address() as AddressInfo
    const key = { TIPHYS_SECRET_KEY: randomBytes(32).toString('base64') }
    const wishes: readonly (readonly [string, string])[] = [
      ['a port that is none', 'serve --port eighty'],
      ['a port that is taken', `serve --port ${port}`],
      ['a host that others reach, without TLS', 'serve --port 0 --host 0.0.0.0'],
      ['a certificate without key', 'serve --port 0 --tls-cert cert.pem'],
      ['a certificate that is not there', 'serve --port 0 --tls-cert c.pem --tls-key k.pem'],
      ['a base path that is none', 'serve --port 0 --base-path tiphys'],
      ['a log level that is none', 'serve --port 0 --log-level loud'],
      ['a Git protocol that is none', 'serve --port 0 --git-protocols https,ftp'],
      ['a database', 'serve --port 0 --database-url postgres://localhost/tiphys'],
      ['a settings file that is not there', 'serve --port 0 --config nope.yaml'],
      ['a settings file with an unknown key', 'serve --port 0 --config unknown.yaml'],
      ['a settings file with a wrong value', 'serve --port 0 --config wrong.yaml'],
      ['a settings file that is not YAML', 'serve --port 0 --config broken.yaml'],
      ['a secret in a variable that is not set', 'serve --port 0 --config secretless.yaml'],
      ['a secret in a file that is not there', 'serve --port 0 --config fileless.yaml'],
      ['a connection without secret', 'serve --port 0 --config tokenless.yaml'],
      ['two connections of one name', 'serve --port 0 --config twins.yaml'],
      ['a data folder in use', 'serve --port 0 --data-dir tiphys'],
      ['a key file that is none', 'serve --port 0 --data-dir other'],
      ['a retention that is none', 'serve --port 0 --retention 30'],
      ['a grace that is none', 'serve --port 0 --shutdown-grace soon'],
      ['a backup of a folder in use', 'backup all.tar --data-dir tiphys'],
      ['a backup of no data', 'backup all.tar --data-dir nothing'],
      ['a backup that cannot be written', 'backup no/where/all.tar'],
      ['a restore of what is no backup', 'restore wrong.yaml --data-dir new'],
      ['a restore of nothing', 'restore all.tar --data-dir new'],
      ['a restore into a folder with something in it', 'restore wrong.yaml --data-dir other'],
      ['a restore into a folder in use', 'restore wrong.yaml --data-dir tiphys'],
      ['lists folded again while a server runs', 'doctor --rebuild --data-dir tiphys'],
    ]
    const notes = await inTurns(wishes, async ([situation, line]) =>
      printed(
        `${situation}: \`tiphys ${line.replace(String(port), '<port>')}\``,
        await runCommand(folder, line.split(' ')),
      ),
    )
    situations.push(...notes)
    const secret = { name: 'prometheus', data: { PASSWORD: 'x' } }
    await installation.client.ask('POST', '/api/secrets/v1/secret', { body: secret })
    await installation.stop()
    const other = await runCommand(folder, ['serve', '--port', '0', '--data-dir', 'tiphys'], key)
    situations.push(printed('another TIPHYS_SECRET_KEY than the data was written with', other))
  })

  it('reads as the golden file says', () =>
    assertGolden('Settings of the server', situations, [
      [installation.folder, '<folder>'],
      [/port \d{4,5} of/, 'port <port> of'],
    ]))
})
