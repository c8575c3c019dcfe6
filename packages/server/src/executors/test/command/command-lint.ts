import type { Problem } from '@tiphys/contract/problem.ts'
import { parseTestsYaml } from '@tiphys/contract/tests-yaml.ts'
import { readYaml } from '@tiphys/contract/yaml-file.ts'
import { fileKindOf } from '@tiphys/providers/file-kind.ts'
import type { CommandSettings } from '../../../settings/command-settings.ts'
import { permissionOf } from './command-permission.ts'

/** Commands in files of tests that this server would refuse to run, each with what its operator would write. */
export function commandProblems(
  files: Readonly<Record<string, string>>,
  settings: CommandSettings | undefined,
): readonly Problem[] {
  return Object.entries(files).flatMap(([file, text]) =>
    fileKindOf(file, text) === 'tests' ? problemsOf(file, text, settings) : [],
  )
}

function problemsOf(
  file: string,
  text: string,
  settings: CommandSettings | undefined,
): readonly Problem[] {
  const parsed = parseTestsYaml(text, file)
  const read = readYaml(text, file)
  // What is wrong with the file itself is found by others.
  if (!parsed.ok || !read.ok) return []
  return parsed.suite.tests.flatMap((test, index): Problem[] => {
    if (test.kind !== 'command') return []
    const permission = permissionOf(test, settings)
    if (permission.code === 'allowed') return []
    const place = read.at(['tests', index, 'command'])
    return [{ severity: 'warning', file, ...place, message: permission.message }]
  })
}
