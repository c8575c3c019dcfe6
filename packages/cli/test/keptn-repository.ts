import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

/** A project as Keptn 1.4 would have written it. */
export type KeptnProject = {
  readonly shipyard: string
  readonly stages: readonly string[]
  readonly services: readonly string[]
  /** At project level; Keptn copied them into a stage's branch when it made the stage. */
  readonly files?: Readonly<Record<string, string>>
  readonly stageFiles?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** By `<stage>/<service>`. */
  readonly serviceFiles?: Readonly<Record<string, Readonly<Record<string, string>>>>
}

export type Layout = 'branch-per-stage' | 'directories'

/** Makes a bare repository with the commits that Keptn's resource-service makes. The same project gives the same commit ids. */
export async function writeKeptnRepository(
  directory: string,
  project: KeptnProject,
  layout: Layout,
): Promise<void> {
  await git(['init', '--quiet', '--bare', '--template=', '--initial-branch=main', directory])
  await git(
    [`--git-dir=${directory}`, 'fast-import', '--quiet', '--done'],
    commits(project, layout),
  )
}

/** One commit on a branch of a bare repository. */
export async function commitFiles(
  directory: string,
  branch: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const known = await git([`--git-dir=${directory}`, 'for-each-ref', `refs/heads/${branch}`])
  const from = known === '' ? undefined : `refs/heads/${branch}^0`
  const stream = `${commit({ branch, from, message: 'Updated resource', files })}done\n`
  await git([`--git-dir=${directory}`, 'fast-import', '--quiet', '--done'], stream)
}

export async function git(args: readonly string[], input = ''): Promise<string> {
  const child = spawn('git', args, {
    env: {
      PATH: process.env['PATH'] ?? '',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      LC_ALL: 'C',
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const ended = once(child, 'close')
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = await ended
  if (code !== 0) throw new Error(`git ${args.join(' ')} (${code}): ${stderr}`)
  return stdout
}

function commits(project: KeptnProject, layout: Layout): string {
  const inFolders = layout === 'directories'
  const { files = {}, stageFiles = {}, serviceFiles = {} } = project
  const place = (stage: string) => ({
    branch: inFolders ? 'main' : stage,
    folder: inFolders ? `.keptn-stages/${stage}/` : '',
  })
  const metadata = `projectName: shop\ncreationTimestamp: 2023-05-04 10:00:00 +0000 UTC\nisUsingDirectoryStructure: ${inFolders}\n`
  const all = [
    commit({
      branch: 'main',
      message: 'initialized project',
      files: { 'metadata.yaml': metadata, 'shipyard.yaml': project.shipyard },
    }),
    commit({ branch: 'main', message: 'Updated resource', files }),
  ]
  for (const stage of project.stages) {
    const { branch, folder } = place(stage)
    if (!inFolders)
      all.push(commit({ branch, from: 'refs/heads/main', message: 'created stage', files: {} }))
    for (const service of project.services) {
      const own = {
        [`${service}/metadata.yaml`]: `servicename: ${service}\ncreationtimestamp: 2023-05-04 10:01:00 +0000 UTC\n`,
        ...below(service, serviceFiles[`${stage}/${service}`]),
      }
      const message = `Added service: ${service}`
      all.push(commit({ branch, message, files: below(folder.slice(0, -1), own) }))
    }
    const more = below(folder.slice(0, -1), stageFiles[stage])
    all.push(commit({ branch, message: 'Updated resource', files: more }))
  }
  return `${all.join('')}done\n`
}

function below(
  folder: string,
  files: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const prefix = folder === '' ? '' : `${folder}/`
  return Object.fromEntries(Object.entries(files).map(([uri, content]) => [prefix + uri, content]))
}

type Commit = {
  readonly branch: string
  /** Where a branch begins; later commits of one stream follow by themselves. */
  readonly from?: string | undefined
  readonly message: string
  readonly files: Readonly<Record<string, string>>
}

function commit({ branch, from, message, files }: Commit): string {
  return [
    `commit refs/heads/${branch}`,
    'committer keptn <keptn@keptn.sh> 1683194400 +0000',
    `data ${Buffer.byteLength(message)}`,
    message,
    ...(from === undefined ? [] : [`from ${from}`]),
    ...Object.entries(files).flatMap(([path, content]) => [
      `M 100644 inline ${path}`,
      `data ${Buffer.byteLength(content)}`,
      content,
    ]),
    '',
  ].join('\n')
}
