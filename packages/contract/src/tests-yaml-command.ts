import { z } from 'zod'
import { filePatternFault } from './file-pattern.ts'
import { repositoryPathFault } from './repository-path.ts'
import type { CommandPlan } from './test-plan.ts'
import { ResultFormat } from './test-result-format.ts'
import { COMMAND_FIGURES } from './test-threshold.ts'
import { thresholdsOf } from './tests-yaml-thresholds.ts'
import { durationMs, fault, MAX_TEXT_CHARACTERS } from './tests-yaml-values.ts'

/** A test of `tiphys/tests.yaml` that is a program: k6, JMeter, Playwright, newman, anything. docs/tests.md */

const SECOND_MS = 1_000
const MAX_TIMEOUT_MS = 24 * 3_600_000
const DEFAULT_TIMEOUT_MS = 10 * 60 * SECOND_MS
const MAX_ARGUMENTS = 200
const MAX_ARGUMENT_CHARACTERS = 16_384
const MAX_PATTERNS = 50
const MAX_RESULTS = 10
const MAX_VARIABLES = 50
const MAX_VALUE_CHARACTERS = 8_192

const Program = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._+-]{0,99}$/, {
  error:
    'expected the name of a program, like k6; one of the project is run by another: [sh, run.sh]',
})
const Argument = z
  .string()
  .max(MAX_ARGUMENT_CHARACTERS)
  .refine((text) => !text.includes('\0'), { error: 'has a NUL character in it' })

const Command = z
  .array(z.union([Argument, z.number().transform(String), z.boolean().transform(String)]), {
    error: 'expected a list of the program and its arguments, like [k6, run, load.js]',
  })
  .min(1)
  .max(MAX_ARGUMENTS)
  .superRefine(([program], context) => {
    const parsed = Program.safeParse(program)
    if (parsed.success) return
    const message = parsed.error.issues[0]?.message ?? 'expected the name of a program'
    context.addIssue({ code: 'custom', message, path: [0] })
  })

function checkedText(faultOf: (text: string) => string | undefined) {
  return z.string().superRefine((text, context) => {
    const message = faultOf(text)
    if (message !== undefined) fault(context, `${JSON.stringify(text.slice(0, 80))} ${message}`)
  })
}

const Pattern = checkedText(filePatternFault)
const Patterns = z.union([Pattern.transform((one) => [one]), z.array(Pattern).max(MAX_PATTERNS)])

/** What Tiphys sets itself, and what would make an allowed program run something else. */
const RESERVED =
  /^(?:TIPHYS_.*|TARGET_URL|PATH|HOME|TMPDIR|PWD|IFS|ENV|BASH_ENV|LD_.*|DYLD_.*|NODE_OPTIONS|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|PYTHONSTARTUP|PYTHONPATH|PERL5OPT|PERL5LIB|RUBYOPT|RUBYLIB|GIT_.*)$/

const Environment = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
  .transform((variables, context) => {
    const entries = Object.entries(variables)
    if (entries.length > MAX_VARIABLES) {
      return fault(context, `has more than ${MAX_VARIABLES} variables`)
    }
    for (const [name, value] of entries) {
      if (!/^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(name)) {
        return fault(context, `${JSON.stringify(name)} is not the name of a variable`)
      }
      if (RESERVED.test(name)) return fault(context, `the variable ${name} cannot be set by a test`)
      const text = String(value)
      if (text.includes('\0') || text.length > MAX_VALUE_CHARACTERS) {
        return fault(context, `the variable ${name} is too long, or has a NUL character in it`)
      }
    }
    return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]))
  })

/** Keys of a test beside `command`, which mean nothing without it. */
export const commandFields = {
  command: Command.optional(),
  /** Of the project's files, those that the program needs; all that the service sees by default. */
  files: Patterns.optional(),
  workingDirectory: checkedText((text) => repositoryPathFault(text)).optional(),
  environment: Environment.optional(),
  timeout: durationMs(SECOND_MS, MAX_TIMEOUT_MS).optional(),
  results: z
    .array(z.strictObject({ format: ResultFormat, path: Pattern.max(MAX_TEXT_CHARACTERS) }))
    .min(1)
    .max(MAX_RESULTS)
    .optional(),
  artifacts: Patterns.optional(),
  thresholds: thresholdsOf(COMMAND_FIGURES).optional(),
}

const Fields = z.object(commandFields)
type Fields = z.infer<typeof Fields>

/** What belongs to a command and stands in a test that is none. */
export function strayCommandField(test: Fields): string | undefined {
  if (test.command !== undefined) return undefined
  const names = Object.keys(commandFields).filter((name) => name !== 'command')
  return names.find((name) => test[name as keyof Fields] !== undefined)
}

export function commandPlan(test: Fields): CommandPlan {
  return {
    argv: test.command ?? [],
    files: test.files ?? ['**'],
    workingDirectory: test.workingDirectory ?? '',
    environment: test.environment ?? {},
    timeoutMs: test.timeout ?? DEFAULT_TIMEOUT_MS,
    results: test.results ?? [],
    artifacts: test.artifacts ?? [],
    thresholds: test.thresholds ?? [],
  }
}
