import { didYouMean } from '@tiphys/contract/suggestion.ts'

/** Files of a project that Tiphys reads. `settings` is the tiphys.yaml of a server. */
export type FileKind =
  | 'shipyard'
  | 'slo'
  | 'sli'
  | 'tests'
  | 'argocd'
  | 'project'
  | 'settings'
  /** Files of Keptn that are read by services of Keptn, or that we do not read yet. */
  | 'not-ours'

const BY_NAME: readonly (readonly [RegExp, FileKind])[] = [
  [/^shipyard.*\.ya?ml$/, 'shipyard'],
  [/^slo.*\.ya?ml$/, 'slo'],
  [/^sli.*\.ya?ml$/, 'sli'],
  [/^tests\.ya?ml$/, 'tests'],
  [/^argocd\.ya?ml$/, 'argocd'],
  [/^project\.ya?ml$/, 'project'],
  [/^tiphys\.ya?ml$/, 'settings'],
  [/^(webhook|remediation|metadata|jmeter\.conf)\.ya?ml$/, 'not-ours'],
]

/** Keys that stand at the top of one kind of file only. */
const BY_KEY: Readonly<Record<string, FileKind>> = {
  objectives: 'slo',
  total_score: 'slo',
  indicators: 'sli',
  tests: 'tests',
  applications: 'argocd',
  targets: 'project',
  sliProvider: 'project',
}

/** What kind of file it is, by its name, else by what stands in it; undefined when neither says so. */
export function fileKindOf(file: string, text: string): FileKind | undefined {
  const name = file.replaceAll('\\', '/').split('/').at(-1) ?? ''
  for (const [pattern, kind] of BY_NAME) if (pattern.test(name)) return kind
  if (/^kind:\s*["']?Shipyard\b/m.test(text)) return 'shipyard'
  if (/^apiVersion:\s*["']?spec\.keptn\.sh\/0\.2/m.test(text)) return 'shipyard'
  for (const [, key] of text.matchAll(/^([A-Za-z_]+):/gm)) {
    // `constructor:` is a key of a file, and of every object.
    const kind = key !== undefined && Object.hasOwn(BY_KEY, key) ? BY_KEY[key] : undefined
    if (kind !== undefined) return kind
  }
  return undefined
}

const USUAL_NAMES = [
  'shipyard.yaml',
  'slo.yaml',
  'sli.yaml',
  'tests.yaml',
  'argocd.yaml',
  'project.yaml',
  'tiphys.yaml',
]

/** What to say about a file that is nothing we know. */
export function unknownKindSentence(file: string): string {
  const name = file.replaceAll('\\', '/').split('/').at(-1) ?? file
  const meant = didYouMean(name, USUAL_NAMES)
  const hint =
    meant === undefined ? `known files are ${USUAL_NAMES.join(', ')}` : `did you mean ${meant}?`
  return `neither the name nor the content says what kind of file this is; ${hint}`
}
