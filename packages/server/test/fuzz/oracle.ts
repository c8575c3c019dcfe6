import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { lintFileSet } from '@tiphys/providers/lint-file-set.ts'
import { runOfflineGate } from '@tiphys/providers/offline-gate.ts'
import type { FilesInput, FuzzInput, HttpInput } from './fuzz-input.ts'
import { type RawAnswer, sendRaw } from './raw-request.ts'
import type { FuzzTarget } from './target.ts'

/** No input may take longer, on a machine that does other work too. */
const LIMIT_MS = 20_000
const NOW_MS = Date.UTC(2026, 0, 1)
const SERVER_ERROR = 500
const CLIENT_ERROR = 400
/** The server says nothing of the machine it runs on. */
const CHECKOUT = fileURLToPath(new URL('../../../../', import.meta.url))
const SETTLE_TURNS = 40
const QUIET_TURNS = 3

/** Throws one input at the house and says what is wrong with the answer, by throwing. Answers with what came back over HTTP. */
export async function throwInput(
  target: FuzzTarget,
  input: FuzzInput,
): Promise<RawAnswer | undefined> {
  const complaintsBefore = target.complaints.length
  const answer = input.kind === 'http' ? await throwHttp(target, input) : await throwFiles(input)
  assert.deepEqual(target.complaints.slice(complaintsBefore), [], 'nothing breaks inside')
  return answer
}

async function throwHttp(target: FuzzTarget, input: HttpInput): Promise<RawAnswer> {
  const before = target.state()
  const answer = await sendRaw(target.port, target.token, input, LIMIT_MS)
  const { status, text } = answer
  assert.ok(status >= 100 && status < SERVER_ERROR, `answered ${status}: ${text.slice(0, 300)}`)
  if (status < CLIENT_ERROR) {
    if (input.method !== 'GET') await settled(target)
    return answer
  }
  assert.equal(target.state(), before, `refused with ${status}, and changed something`)
  assert.ok(!/\n\s+at /.test(text), `a stack in the answer: ${text.slice(0, 300)}`)
  for (const path of [CHECKOUT, target.folder, 'node_modules', 'file://']) {
    assert.ok(!text.includes(path), `a path of the machine in the answer: ${text.slice(0, 300)}`)
  }
  // What is no HTTP is refused before anybody can answer in JSON.
  if (answer.contentType.includes('json') && input.method !== 'HEAD') {
    const { message } = JSON.parse(text) as { message?: unknown }
    assert.ok(typeof message === 'string' && message !== '', `no sentence in ${text.slice(0, 300)}`)
  }
  return answer
}

/** What was accepted may start an executor: its rows are not the next input's. */
async function settled(target: FuzzTarget): Promise<void> {
  let last = ''
  let quiet = 0
  for (let turn = 0; turn < SETTLE_TURNS && quiet < QUIET_TURNS; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1))
    const now = target.state()
    quiet = now === last ? quiet + 1 : 0
    last = now
  }
}

/** `tiphys lint` and `tiphys evaluate` on files of any content: an answer in sentences, never an exception. */
async function throwFiles({ kind, files }: FilesInput): Promise<undefined> {
  const beganMs = performance.now()
  if (kind === 'lint') {
    for (const { message } of lintFileSet(files)) assert.ok(message.length > 0)
  } else {
    const { exitCode, complaint, problems, report } = await runOfflineGate({
      slo: 'slo.yaml',
      values: 'values.json',
      ...(files['previous.json'] === undefined ? {} : { previous: 'previous.json' }),
      nowMs: NOW_MS,
      readText: (name) => Promise.resolve(files[name] ?? ''),
    })
    assert.ok([0, 1, 2, 3].includes(exitCode))
    const isExplained = exitCode !== 2 || complaint !== null || problems.length > 0
    assert.ok(isExplained, 'an invalid file is explained')
    assert.ok(exitCode === 2 || report !== '', 'a verdict comes with a report')
  }
  assert.ok(performance.now() - beganMs < LIMIT_MS, 'files are read in time')
  return undefined
}

/** A delivery from its trigger to its end, with a project of its own: the house still works. */
export async function provesItWorks({ url, token }: FuzzTarget, name: string): Promise<void> {
  const send = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(url + path, {
      method,
      headers: { 'x-token': token, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`)
    return JSON.parse(text)
  }
  const shipyard = await readFile(new URL('./good-shipyard.yaml', import.meta.url))
  const projects = '/api/controlPlane/v1/project'
  await send('POST', projects, { name, shipyard: shipyard.toString('base64') })
  await send('POST', `${projects}/${name}/service`, { serviceName: 'carts' })
  const data = { project: name, stage: 'dev', service: 'carts' }
  const type = 'sh.keptn.event.dev.delivery.triggered'
  const event = await send('POST', '/api/v1/event', { type, source: 'fuzz', data })
  const { keptnContext } = event as { keptnContext: string }
  const open = await send(
    'GET',
    `/api/controlPlane/v1/event/triggered/sh.keptn.event.deployment.triggered?project=${name}`,
  )
  const { events } = open as { events: { id: string; shkeptncontext: string }[] }
  const task = events.find(({ shkeptncontext }) => shkeptncontext === keptnContext)
  assert.ok(task !== undefined, 'the task of a good delivery is open')
  await send('POST', '/api/v1/event', {
    type: 'sh.keptn.event.deployment.finished',
    source: 'fuzz',
    triggeredid: task.id,
    shkeptncontext: keptnContext,
    data: { ...data, status: 'succeeded', result: 'pass' },
  })
  const query = `/api/mongodb-datastore/event?project=${name}&keptnContext=${keptnContext}`
  const shown = (await send('GET', query)) as { events: { type: string }[] }
  const types = shown.events.map((one) => one.type)
  assert.ok(types.includes('sh.keptn.event.dev.delivery.finished'), `it ends: ${types.join(', ')}`)
  await send('DELETE', `${projects}/${name}`)
}
