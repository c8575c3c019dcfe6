// Preloaded into every process of a test file: notes its process id for as long as it lives, so that the runner can end it
// when it hangs, even in an endless loop where no timer of its own would fire.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const directory = process.env.TEST_FILE_CLOCKS
if (directory !== undefined) {
  // Only for the test file itself, not for the processes it starts.
  delete process.env.TEST_FILE_CLOCKS
  const note = join(directory, String(process.pid))
  writeFileSync(note, process.argv[1] ?? '')
  process.on('exit', () => rmSync(note, { force: true }))
}
