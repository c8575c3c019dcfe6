import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A real Git repository in a temporary folder, with a work tree to commit from. */
export type TestRepository = AsyncDisposable & {
  readonly path: string
  /** Writes files (null removes one), commits them, answers the commit id. */
  commit(files: Record<string, string | null>, message?: string): Promise<string>
  git(...args: string[]): Promise<string>
}

export async function createTestRepository(
  files: Record<string, string> = {},
): Promise<TestRepository> {
  const path = await mkdtemp(join(tmpdir(), 'tiphys-simulator-test-'))
  const git = async (...args: string[]) => {
    const identity = ['-c', 'user.name=Anna', '-c', 'user.email=anna@example.com']
    const { stdout } = await run('git', [...identity, '-c', 'commit.gpgsign=false', ...args], {
      cwd: path,
    })
    return stdout.trim()
  }
  await git('init', '-q', '-b', 'main')
  const repository: TestRepository = {
    path,
    git,
    async commit(changed, message = 'change') {
      for (const [name, text] of Object.entries(changed)) {
        await mkdir(dirname(join(path, name)), { recursive: true })
        if (text === null) await rm(join(path, name))
        else await writeFile(join(path, name), text)
      }
      await git('add', '-A')
      await git('commit', '-q', '--allow-empty', '-m', message)
      return await git('rev-parse', 'HEAD')
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
  if (Object.keys(files).length > 0) await repository.commit(files, 'first')
  return repository
}

/** A Deployment of one container, as YAML. */
export function deployment(image: string, options: { name?: string; extra?: string } = {}): string {
  const name = options.name ?? 'carts'
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
spec:
  selector: { matchLabels: { app: ${name} } }
${options.extra ?? ''}
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers:
        - name: ${name}
          image: ${image}
`
}

/** Folder `carts` with a kustomization that sets the tag of the image. */
export function kustomization(tag: string): Record<string, string> {
  return {
    'carts/kustomization.yaml': `resources:
  - deployment.yaml
images:
  - name: registry.example/sample
    newTag: ${tag}
`,
    'carts/deployment.yaml': deployment('registry.example/sample:base'),
  }
}
