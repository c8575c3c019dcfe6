// Preloaded into every process of a test file: notes its process id for as long as it lives, so that the runner can end it
// when it hangs, even in an endless loop where no timer of its own would fire.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const directory = process.env.TIPHYS_TEST_CLOCKS
// Only the test file itself: processes that a test starts inherit the environment, not this preload.
if (directory !== undefined) {
  const note = join(directory, String(process.pid))
  writeFileSync(note, process.argv[1] ?? '')
  process.on('exit', () => rmSync(note, { force: true }))
}
