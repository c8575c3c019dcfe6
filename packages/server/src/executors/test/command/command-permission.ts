import { basename, isAbsolute } from 'node:path'
import type { CommandTestPlan } from '@tiphys/contract/test-plan.ts'
import type { CommandSettings } from '../../../settings/command-settings.ts'

export type Permission =
  /** What is spawned for the name in the file. */
  | { readonly code: 'allowed'; readonly program: string }
  | { readonly code: 'refused'; readonly message: string }

/** Whether this server runs the program; a refusal says what its operator would write to allow it. */
export function permissionOf(
  { name, command }: Pick<CommandTestPlan, 'name' | 'command'>,
  settings: CommandSettings | undefined,
): Permission {
  const program = command.argv[0] ?? ''
  if (settings?.isEnabled !== true) {
    return refused(
      `${name} runs ${program}, and this server runs no commands; its operator can allow it in tiphys.yaml with commands: { enabled: true, allow: [${program}] }`,
    )
  }
  const { allow } = settings
  if (allow === undefined) return { code: 'allowed', program }
  const found = allow.find((one) => (isAbsolute(one) ? basename(one) : one) === program)
  if (found !== undefined) return { code: 'allowed', program: found }
  const known = allow.join(', ') || 'nothing'
  return refused(
    `${name} runs ${program}, and this server runs only ${known}; its operator can add ${program} to commands.allow in tiphys.yaml`,
  )
}

function refused(message: string): Permission {
  return { code: 'refused', message }
}
