// Rules that no linter knows: what may stand in this repository, and where. Each rule gives lines `file:line: what is wrong`.
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'

const MAX_CODE_LINES = 400
const CODE = /\.(ts|mts|js|mjs|cjs|tsx|css|sql|sh)$/
const BINARY = /\.(png|jpg|jpeg|gif|ico|woff2?|gz|zip|sqlite)$/
const FIXTURES = /(^|\/)fixtures\//

/** Every breach of a rule among the files of a checkout, in the order of the files. */
export function tidyProblems(root) {
  const files = trackedFiles(root).filter((file) => !BINARY.test(file))
  const problems = []
  for (const file of files) {
    const path = join(root, file)
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) continue
    const text = readFileSync(path, 'utf8')
    for (const rule of RULES) {
      for (const { line, message } of rule({ file, text, root })) {
        problems.push(`${file}:${line}: ${message}`)
      }
    }
  }
  return [...problems, ...changelogProblems(root)]
}

/** What Git knows or would add; without Git (an unpacked archive) every file outside node_modules. */
function trackedFiles(root) {
  const listed = spawnSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  )
  if (listed.status === 0) return [...new Set(listed.stdout.split('\0').filter(Boolean))].sort()
  return globSync('**/*', { cwd: root, exclude: (name) => name === 'node_modules' })
    .map((file) => file.replaceAll('\\', '/'))
    .sort()
}

const RULES = [
  noImportAcrossPackages,
  noClockOrChanceInPurePackages,
  noRegistryHost,
  noMachinePath,
  noOnly,
  shortFiles,
  linksThatLead,
]

function* matches(text, pattern) {
  for (const match of text.matchAll(pattern)) {
    yield { match, line: text.slice(0, match.index).split('\n').length }
  }
}

/** The package manifests are the layer rule; a relative import would go around it. */
function* noImportAcrossPackages({ file, text }) {
  const home = /^packages\/[^/]+\//.exec(file)?.[0]
  if (home === undefined || !CODE.test(file)) return
  for (const { match, line } of matches(text, /(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)) {
    const target = posix.join(posix.dirname(file), match[1])
    if (!target.startsWith(home)) {
      yield { line, message: `imports ${match[1]} of another package; write its package name` }
    }
  }
}

/** Core and contract take time, ids and chance from their caller. Comments may speak of them. */
function* noClockOrChanceInPurePackages({ file, text }) {
  if (!/^packages\/(core|contract)\/src\/.*\.ts$/.test(file) || file.endsWith('.test.ts')) return
  for (const { match, line } of matches(
    withoutComments(text),
    /Math\.random|Date\.now|new Date\b|performance\.now|\bsetTimeout\(|\bfetch\(/g,
  )) {
    yield { line, message: `${match[0]} in a pure package: take it from the caller` }
  }
}

/** Blanks comments, and keeps every line where it is. */
function withoutComments(text) {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|\s)\/\/.*$/gm, '$1')
}

/** A lock file or a script that names a registry works on one machine only. */
function* noRegistryHost({ file, text }) {
  const pattern =
    /registry\.npmjs\.org|registry\.yarnpkg\.com|npm\.pkg\.github\.com|"resolved": "https?:/g
  for (const { match, line } of matches(text, pattern)) {
    yield { line, message: `${match[0]} names a registry${file.endsWith('.json') ? '' : ' host'}` }
  }
}

function* noMachinePath({ text, root }) {
  const places = [root, dirname(root)]
    .map((place) => place.replaceAll('\\', '/'))
    .filter((place) => place.split('/').filter(Boolean).length > 0)
    .map((place) => `${place.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}/`)
  const pattern = new RegExp(
    `(?<![\\w.~-])(?:${[...places, '/(?:home|Users)/[a-z][\\w.-]*/'].join('|')})`,
    'g',
  )
  for (const { match, line } of matches(text, pattern)) {
    yield { line, message: `${match[0]} is a path of one machine` }
  }
}

/** A focused test silences all others. */
function* noOnly({ file, text }) {
  if (!file.endsWith('.test.ts') && !file.endsWith('.contract.ts')) return
  for (const { match, line } of matches(
    text,
    /\b(?:test|it|describe|suite)\.only\(|\bonly: true/g,
  )) {
    yield { line, message: `${match[0]} silences the other tests` }
  }
}

function* shortFiles({ file, text }) {
  if (!CODE.test(file) || FIXTURES.test(file)) return
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
  if (lines > MAX_CODE_LINES) {
    yield { line: MAX_CODE_LINES + 1, message: `has ${lines} lines; at most ${MAX_CODE_LINES}` }
  }
}

/** Every relative link of a document leads to a file or folder that is there. */
function* linksThatLead({ file, text, root }) {
  if (!file.endsWith('.md')) return
  for (const { match, line } of matches(text, /\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)) {
    const target = match[1].split('#')[0]
    if (target === '' || /^[a-z][a-z0-9+.-]*:/i.test(target)) continue
    const path = target.startsWith('/')
      ? target.slice(1)
      : posix.join(posix.dirname(file), decodeURI(target))
    if (!existsSync(join(root, path))) {
      yield { line, message: `links to ${match[1]}, which is not there` }
    }
  }
}

/** Operators read it before they upgrade: it is there, and speaks of the version in package.json. */
function changelogProblems(root) {
  const path = join(root, 'CHANGELOG.md')
  if (!existsSync(path)) return ['CHANGELOG.md:1: is missing']
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const speaks = readFileSync(path, 'utf8').includes(version)
  return speaks ? [] : [`CHANGELOG.md:1: says nothing about version ${version}`]
}
