import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { getPriority } from 'node:os'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'

const MODULE = new URL('../../src/adapters/system/yield-processor.ts', import.meta.url)
/** Says which priority its own thread has before and after. */
const ASKING = `
  const { parentPort, workerData } = require('node:worker_threads')
  const { getPriority } = require('node:os')
  const { readlinkSync } = require('node:fs')
  const own = () => getPriority(Number(readlinkSync('/proc/thread-self').split('/').at(-1)))
  import(workerData).then(({ yieldProcessor }) => {
    const before = own()
    yieldProcessor()
    parentPort.postMessage([before, own()])
  })
`

test('a thread stands behind the others, and they stay as they were', {
  skip: process.platform === 'linux' ? false : 'only Linux gives threads priorities',
}, async () => {
  const before = getPriority(process.pid)
  const worker = new Worker(ASKING, { eval: true, workerData: MODULE.href })
  const [priorities] = await once(worker, 'message')
  assert.deepEqual(priorities, [before, 10])
  assert.equal(getPriority(process.pid), before)
  await worker.terminate()
})
