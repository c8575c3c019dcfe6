import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The repository that Argo CD reads in the demo: a real bare one, and a working copy for the person who pushes straight to it. */
export type GitOpsRepository = {
  /** `file://…` */
  readonly url: string
  readonly path: string
  /** As a person would: edit, commit, push. Answers the commit. */
  push(stage: string, tag: string, message: string): Promise<string>
  /** Subject lines of the branch, newest first. */
  log(): Promise<string[]>
  /** The image tag that Git says for a stage. */
  tagOf(stage: string): Promise<string>
}

const STAGES = ['staging', 'production']
/** The demo's commits look the same on every machine and read nothing of the user's own settings. */
const PERSON = [
  '-c',
  'user.name=Jason',
  '-c',
  'user.email=jason@example.com',
  '-c',
  'commit.gpgsign=false',
]

export async function createGitOpsRepository(folder: string): Promise<GitOpsRepository> {
  const bare = join(folder, 'gitops.git')
  const copy = join(folder, 'gitops')
  await git(folder, 'init', '--quiet', '--bare', '--initial-branch=main', bare)
  await git(folder, 'clone', '--quiet', bare, copy)
  for (const stage of STAGES) {
    const app = join(copy, 'apps', 'carts', stage)
    await mkdir(app, { recursive: true })
    await writeFile(join(app, 'kustomization.yaml'), kustomization('1.0.0'))
    await writeFile(join(app, 'deployment.yaml'), DEPLOYMENT)
  }
  await commit(copy, 'carts: first version everywhere')
  return {
    url: pathToFileURL(bare).href,
    path: bare,
    async push(stage, tag, message) {
      await git(copy, 'pull', '--quiet', '--rebase', 'origin', 'main')
      const file = join(copy, 'apps', 'carts', stage, 'kustomization.yaml')
      const text = await readFile(file, 'utf8')
      await writeFile(file, text.replace(/newTag: .*/, `newTag: ${tag}`))
      return await commit(copy, message)
    },
    async log() {
      const { stdout } = await git(bare, 'log', '--format=%s', 'main')
      return stdout.trim().split('\n')
    },
    async tagOf(stage) {
      const { stdout } = await git(bare, 'show', `main:apps/carts/${stage}/kustomization.yaml`)
      return /newTag: "?([^"\s]+)/.exec(stdout)?.[1] ?? ''
    },
  }
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
}

async function commit(copy: string, message: string): Promise<string> {
  await git(copy, 'add', '--all')
  await git(copy, ...PERSON, 'commit', '--quiet', '--message', message)
  await git(copy, 'push', '--quiet', 'origin', 'HEAD:main')
  const { stdout } = await git(copy, 'rev-parse', 'HEAD')
  return stdout.trim()
}

function git(folder: string, ...args: string[]) {
  const env = {
    ...process.env,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
  }
  return run('git', ['-C', folder, ...args], { env })
}

function kustomization(tag: string): string {
  return `# What runs in this stage. Tiphys changes newTag and nothing else.
resources:
  - deployment.yaml
images:
  - name: sample
    newTag: ${tag} # the version
`
}

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: carts
spec:
  replicas: 1
  selector:
    matchLabels:
      app: carts
  template:
    metadata:
      labels:
        app: carts
    spec:
      containers:
        - name: carts
          image: sample
`
