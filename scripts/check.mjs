// `npm run check`: lint, types and tidy rules of the whole workspace. Everything runs, side by side; what failed is printed.
import { spawn } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tidyProblems } from './tidy.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const BIOME = join('node_modules', '@biomejs', 'biome', 'bin', 'biome')
const TSC = join('node_modules', 'typescript', 'bin', 'tsc')

const projects = globSync('packages/*/tsconfig.json', { cwd: root }).sort()
const checks = [
  { name: 'biome', args: [BIOME, 'check', '--error-on-warnings', '.'] },
  ...[...projects, 'tsconfig.test.json']
    .filter((project) => existsSync(join(root, project)))
    .map((project) => ({ name: `types of ${project}`, args: [TSC, '-p', project] })),
]

const started = Date.now()
const waiting = [...checks]
const failed = []
await Promise.all(Array.from({ length: availableParallelism() }, work))

const problems = tidyProblems(root)
if (problems.length > 0) failed.push({ name: 'tidy', output: `${problems.join('\n')}\n` })

for (const { name, output } of failed) process.stdout.write(`\n── ${name}\n${output}`)
const seconds = ((Date.now() - started) / 1_000).toFixed(1)
const names = failed.map((check) => check.name).join(', ')
process.stdout.write(
  failed.length === 0
    ? `check: ${checks.length + 1} checks passed in ${seconds} s\n`
    : `\ncheck: failed in ${seconds} s: ${names}\n`,
)
process.exitCode = failed.length === 0 ? 0 : 1

async function work() {
  for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
    const { code, output } = await runNode(check.args)
    if (code !== 0) failed.push({ name: check.name, output })
  }
}

function runNode(args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.stderr.on('data', (chunk) => {
      output += chunk
    })
    child.on('error', (error) => resolve({ code: 1, output: `${error.message}\n` }))
    child.on('close', (code) => resolve({ code: code ?? 1, output }))
  })
}
