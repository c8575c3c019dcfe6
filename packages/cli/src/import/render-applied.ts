import type { ImportApplied } from '@tiphys/contract/import-report.ts'

/** What `--apply` did, and what was there already. */
export function renderApplied(applied: ImportApplied): string {
  const { project, projectCreated, servicesCreated, filesDifferent } = applied
  const services =
    servicesCreated.length === 0
      ? 'no new services'
      : `${counted(servicesCreated.length, 'new service')} (${servicesCreated.join(', ')})`
  const files =
    applied.filesWritten === 0
      ? 'no new files'
      : `${counted(applied.filesWritten, 'new file')} in ${counted(applied.commits, 'commit')}`
  const before =
    applied.filesUnchanged === 0
      ? []
      : [`There already, with the same content: ${counted(applied.filesUnchanged, 'file')}.`]
  const different =
    filesDifferent.length === 0
      ? []
      : [
          `There with another content, and left alone (--overwrite replaces): ${counted(filesDifferent.length, 'file')}:`,
          ...filesDifferent.map((name) => `  ${name}`),
        ]
  return [
    `Project ${project} ${projectCreated ? 'created' : 'was there already'}: ${services}, ${files}.`,
    ...before,
    ...(applied.filesVerified === 0
      ? []
      : [`Read back: ${counted(applied.filesVerified, 'file')}, equal byte for byte.`]),
    ...different,
    'Then: secrets, subscriptions and what the report says to do.',
  ].join('\n')
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}
