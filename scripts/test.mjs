// `npm test [-- pattern …]`: every test of the workspace in one run of node:test, so that its closing lines count everything once
// and stand last. The tests of the pure packages share one process (they touch nothing outside); all others get one each.
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { missingPeers } from './peers.mjs'

/** A test that takes longer fails. */
const TEST_LIMIT_MS = Number(process.env.TEST_LIMIT_MS ?? 120_000)
/** A test file that takes longer hangs, or left something open. It is killed, and counts as failed. */
const FILE_LIMIT_MS = Number(process.env.TEST_FILE_LIMIT_MS ?? 180_000)
const LOOK_EVERY_MS = 1_000
/** Tests mostly wait for sockets and processes: fewer than two at a time would leave a core idle. */
const MIN_CONCURRENCY = 2

const scripts = dirname(fileURLToPath(import.meta.url))
/** Another folder only for the test of this runner. */
const root = process.env.TEST_ROOT ?? join(scripts, '..')
const PURE = /^packages\/(contract|core)\/src\//
/** What these files expect depends on how fast the machine is right now: they come last, one at a time. */
const TIMED = /^packages\/server\/test\/(argocd|crash|end-to-end|load|situations)\//
const SUMMARY_LINE = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /

const patterns = process.argv.slice(2)
const files = globSync(['packages/*/{src,test}/**/*.test.ts', 'scripts/*.test.mjs'], { cwd: root })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => patterns.length === 0 || patterns.some((pattern) => file.includes(pattern)))
  .sort()
if (files.length === 0) {
  process.stderr.write(`No test file has ${patterns.join(' or ')} in its path.\n`)
  process.exit(2)
}

const peersMissing = missingPeers()
const pure = files.filter((file) => PURE.test(file))
const timed = files.filter((file) => TIMED.test(file))
const processes = files.filter((file) => !PURE.test(file) && !TIMED.test(file))

// A peer that has to be there and is not is a failed test, so that the closing lines and the exit code agree.
const failures =
  process.env.TIPHYS_TEST_PEERS === 'all' && patterns.length === 0
    ? peersMissing.map((peer) => `${peer} is not installed, and TIPHYS_TEST_PEERS=all wants it`)
    : []
process.env.TEST_FILES_TOGETHER = JSON.stringify({
  files: pure.map((file) => join(root, file)),
  failures,
})
// A file without tests would count as one.
const together = pure.length + failures.length > 0 ? [join(scripts, 'together.mjs')] : []

process.env.TEST_FILE_CLOCKS = mkdtempSync(join(tmpdir(), 'tiphys-test-clocks-'))
const overdue = setInterval(killOverdue, LOOK_EVERY_MS)
const killed = new Map()

const reporter = new spec()
reporter.pipe(process.stdout, { end: false })
const summaries = []
const absolute = (names) => names.map((file) => join(root, file))
await runFiles(
  [...together, ...absolute(processes)],
  Math.max(MIN_CONCURRENCY, availableParallelism()),
)
await runFiles(absolute(timed), 1)
reporter.write({ type: 'test:summary', data: { ...summaries.at(-1), file: undefined } })
reporter.end()
await new Promise((resolve) => reporter.on('end', resolve))
clearInterval(overdue)
rmSync(process.env.TEST_FILE_CLOCKS, { recursive: true, force: true })
printClosingLines()

/** Adds what happens to the one report; the closing lines of each part are kept back for the sum. */
async function runFiles(paths, concurrency) {
  if (paths.length === 0) return
  const events = run({
    cwd: root,
    files: paths,
    concurrency,
    execArgv: ['--import', pathToFileURL(join(scripts, 'file-clock.mjs')).href],
    timeout: TEST_LIMIT_MS,
  })
  let summary
  for await (const event of events) {
    if (event.type === 'test:summary' && event.data.file === undefined) {
      // It would make the reporter list the failed tests, once for each part.
      summary = event.data
      continue
    }
    const isSummaryLine =
      event.type === 'test:diagnostic' &&
      event.data.nesting === 0 &&
      SUMMARY_LINE.test(event.data.message)
    if (!isSummaryLine) reporter.write(event)
  }
  summaries.push(summary)
}

/** Each running test file has a note with its process id, made when it began (scripts/file-clock.mjs). */
function killOverdue() {
  for (const pid of readdirSync(process.env.TEST_FILE_CLOCKS)) {
    const note = join(process.env.TEST_FILE_CLOCKS, pid)
    const began = statSync(note, { throwIfNoEntry: false })?.mtimeMs
    if (began === undefined || Date.now() - began < FILE_LIMIT_MS) continue
    const file = relative(root, readFileSync(note, 'utf8'))
    killed.set(pid, file)
    rmSync(note, { force: true })
    process.kill(Number(pid), 'SIGKILL')
  }
}

function printClosingLines() {
  const lines = ['']
  for (const file of killed.values()) {
    lines.push(
      `killed after ${FILE_LIMIT_MS / 1_000} s, because it hung or left something open: ${file}`,
    )
  }
  if (peersMissing.length > 0) lines.push(`not run here: ${peersMissing.join(', ')}`)
  const sum = (pick) => summaries.reduce((total, summary) => total + pick(summary), 0)
  if (summaries.includes(undefined)) {
    lines.push('the runner ended without a summary')
    process.exitCode = 1
  } else {
    const failed = sum(({ counts }) => counts.failed)
    const cancelled = sum(({ counts }) => counts.cancelled)
    lines.push(
      `ℹ tests ${sum(({ counts }) => counts.tests)}`,
      `ℹ suites ${sum(({ counts }) => counts.suites)}`,
      `ℹ pass ${sum(({ counts }) => counts.passed)}`,
      `ℹ fail ${failed}`,
      `ℹ cancelled ${cancelled}`,
      `ℹ skipped ${sum(({ counts }) => counts.skipped)}`,
      `ℹ todo ${sum(({ counts }) => counts.todo)}`,
      `ℹ duration_ms ${Math.round(sum((summary) => summary.duration_ms))}`,
    )
    const isGood = summaries.every(({ success }) => success) && failed + cancelled === 0
    process.exitCode = isGood ? 0 : 1
  }
  process.stdout.write(`${lines.join('\n')}\n`)
}
