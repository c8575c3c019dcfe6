// Runs several test files in this one process (scripts/test.mjs says which). A file that cannot be loaded is a failed test
// and takes none of the others with it.
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'

const { files, failures } = JSON.parse(
  process.env.TEST_FILES_TOGETHER ?? '{"files":[],"failures":[]}',
)
delete process.env.TEST_FILES_TOGETHER

for (const file of files) {
  try {
    await import(pathToFileURL(file).href)
  } catch (error) {
    test(file, () => {
      throw error
    })
  }
}

for (const failure of failures) {
  test(failure, () => {
    throw new Error(failure)
  })
}
