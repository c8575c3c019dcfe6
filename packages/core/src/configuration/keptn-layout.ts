/**
 * How Keptn v1 lays a project out in Git (facts/keptn-v1.md 6; its resource-service), and which of the two ways a repository holds.
 *
 * ```
 * directories       main:    shipyard.yaml  metadata.yaml  .keptn-stages/<stage>/<service>/slo.yaml
 * branch-per-stage  main:    shipyard.yaml  metadata.yaml
 *                   <stage>: <service>/slo.yaml             (and a copy of the project's files from the day the stage was made)
 * ```
 * In both, a folder of a stage is a service when it has a metadata.yaml of its own.
 */
export type KeptnLayout = {
  readonly kind: 'branch-per-stage' | 'directories'
  /** The branch with the project's own files. */
  readonly mainBranch: string
}

export const STAGES_FOLDER = '.keptn-stages'
/** Keptn writes one beside a project's and one beside a service's resources. */
export const METADATA_FILE = 'metadata.yaml'
const SHIPYARD_FILE = 'shipyard.yaml'

/** What somebody read from a repository in order to ask about it. */
export type RepositoryContents = {
  /** The branch that the remote's HEAD names; undefined when it names none that exists. */
  readonly defaultBranch: string | undefined
  /** Every branch with the paths of all its files. */
  readonly branches: ReadonlyMap<string, readonly string[]>
  /** The stages of shipyard.yaml on the default branch; undefined when it is missing or cannot be read. */
  readonly stages: readonly string[] | undefined
  /** The text of metadata.yaml on the default branch. */
  readonly metadata: string | undefined
}

export type LayoutFinding =
  | {
      readonly code: 'branch-per-stage' | 'directories'
      readonly mainBranch: string
      /** Stages of the shipyard for which the repository has nothing yet. */
      readonly missingStages: readonly string[]
      /** By stage and name; a service may be missing in some stages. */
      readonly services: readonly { readonly stage: string; readonly service: string }[]
    }
  /** Nothing, or only what a host puts into a new repository (README, licence, .gitignore): a project can be begun here. */
  | { readonly code: 'empty'; readonly mainBranch: string | undefined }
  | { readonly code: 'none'; readonly reason: string }

/** What hosts offer to put into a new repository; Keptn began its projects beside it. */
const FROM_THE_HOST =
  /^(readme|licen[cs]e|copying|notice|contributing|code_of_conduct|security|changelog|codeowners)(\.[a-z]+)?$|^\.git[a-z]+(\/|$)|^catalog-info\.ya?ml$/i

/** Which layout a repository holds. Decided by metadata.yaml where it says so, else by what is there. */
export function findLayout(contents: RepositoryContents): LayoutFinding {
  const { defaultBranch, branches } = contents
  if (branches.size === 0) return { code: 'empty', mainBranch: defaultBranch }
  const paths = defaultBranch === undefined ? undefined : branches.get(defaultBranch)
  if (defaultBranch === undefined || paths === undefined) {
    return none(`its HEAD names no branch that it has; set the repository's default branch`)
  }
  const hasShipyard = paths.includes(SHIPYARD_FILE)
  if (!hasShipyard && paths.includes(METADATA_FILE) && contents.metadata?.trim() !== '') {
    return none(`branch ${defaultBranch} has a ${METADATA_FILE} and no ${SHIPYARD_FILE}`)
  }
  if (!hasShipyard) {
    const [other] = paths.filter((path) => !FROM_THE_HOST.test(path) && path !== METADATA_FILE)
    if (other === undefined) return { code: 'empty', mainBranch: defaultBranch }
    return none(`branch ${defaultBranch} has no ${SHIPYARD_FILE}, but other files (${other})`)
  }
  const { stages } = contents
  if (stages === undefined) {
    return none(`${SHIPYARD_FILE} on branch ${defaultBranch} cannot be read as a shipyard`)
  }
  const kind = kindOf(contents, paths, stages)
  const layout = { kind, mainBranch: defaultBranch }
  const fault = stageFault(layout, stages)
  return fault === undefined ? describe(layout, branches, stages) : none(fault)
}

/** Where every stage is a branch, none may be called like the one of the project's own files: its services would stand among them. */
export function stageFault(layout: KeptnLayout, stages: readonly string[]): string | undefined {
  const { kind, mainBranch } = layout
  if (kind === 'directories' || !stages.includes(mainBranch)) return undefined
  return `stage ${mainBranch} would have the branch of the project's own files as its branch`
}

/** Where the files of a place are: a branch, and a folder that is '' or ends with a slash. */
export function locate(
  layout: KeptnLayout,
  place: KeptnPlace,
): { readonly branch: string; readonly folder: string } {
  const { kind, mainBranch } = layout
  if (place.level === 'project') return { branch: mainBranch, folder: '' }
  const service = place.level === 'service' ? `${place.service}/` : ''
  return kind === 'directories'
    ? { branch: mainBranch, folder: `${STAGES_FOLDER}/${place.stage}/${service}` }
    : { branch: place.stage, folder: service }
}

export type KeptnPlace =
  | { readonly level: 'project' }
  | { readonly level: 'stage'; readonly stage: string }
  | { readonly level: 'service'; readonly stage: string; readonly service: string }

export type PlacedFile = { readonly place: KeptnPlace; readonly uri: string }

/**
 * What the paths of one branch are. Folders that are no service are part of the names of the stage's resources
 * (`prometheus/sli.yaml`). Files of Git and its hosts (`.gitignore`, `.github/…`) are nobody's resources. What lies where the layout has no
 * place (`.keptn-stages/x`, or the project's copies of shipyard.yaml and metadata.yaml on a stage's branch) is left out.
 */
export function placesOf(
  layout: KeptnLayout,
  branch: string,
  paths: readonly string[],
): PlacedFile[] {
  const seen = paths.filter((path) => !isOfGit(path))
  if (layout.kind === 'branch-per-stage' && branch !== layout.mainBranch) {
    const own = seen.filter((path) => path !== SHIPYARD_FILE && path !== METADATA_FILE)
    return placesOfStage(branch, own)
  }
  const byStage = new Map<string, string[]>()
  const placed: PlacedFile[] = []
  for (const path of seen) {
    const [top, stage, ...rest] = path.split('/')
    if (top !== STAGES_FOLDER) placed.push({ place: { level: 'project' }, uri: path })
    else if (layout.kind === 'directories' && stage !== undefined && rest.length > 0) {
      const known = byStage.get(stage) ?? []
      byStage.set(stage, known)
      known.push(rest.join('/'))
    }
  }
  for (const [stage, below] of byStage) placed.push(...placesOfStage(stage, below))
  return placed
}

/** `paths` are relative to the stage. */
function placesOfStage(stage: string, paths: readonly string[]): PlacedFile[] {
  const services = new Set(paths.flatMap((path) => serviceOfMetadata(path) ?? []))
  return paths.map((path): PlacedFile => {
    const slash = path.indexOf('/')
    const service = path.slice(0, Math.max(slash, 0))
    return services.has(service)
      ? { place: { level: 'service', stage, service }, uri: path.slice(slash + 1) }
      : { place: { level: 'stage', stage }, uri: path }
  })
}

/** `carts` of `carts/metadata.yaml`. */
function serviceOfMetadata(path: string): string | undefined {
  const [service, file, ...more] = path.split('/')
  return file === METADATA_FILE && more.length === 0 && service !== '' ? service : undefined
}

function isOfGit(path: string): boolean {
  return path.split('/').some((part) => part.toLowerCase().startsWith('.git'))
}

function kindOf(
  { branches, metadata }: RepositoryContents,
  mainPaths: readonly string[],
  stages: readonly string[],
): KeptnLayout['kind'] {
  // A line of a flat file that Keptn's go-yaml writes; core has no YAML parser, and nothing else of the file matters.
  const said = /^isUsingDirectoryStructure:[ \t]*["']?(true|false)["']?[ \t]*\r?$/im.exec(
    metadata ?? '',
  )?.[1]
  if (said !== undefined) {
    return said.toLowerCase() === 'true' ? 'directories' : 'branch-per-stage'
  }
  if (mainPaths.some((path) => path.startsWith(`${STAGES_FOLDER}/`))) return 'directories'
  if (stages.some((stage) => branches.has(stage))) return 'branch-per-stage'
  // Keptn before 0.16 knew branches only and said nothing; without its metadata somebody wrote the file by hand, for us.
  return metadata === undefined ? 'directories' : 'branch-per-stage'
}

function describe(
  layout: KeptnLayout,
  branches: ReadonlyMap<string, readonly string[]>,
  stages: readonly string[],
): LayoutFinding {
  const { kind, mainBranch } = layout
  const files = [...new Set(kind === 'directories' ? [mainBranch] : stages)].flatMap((branch) =>
    placesOf(layout, branch, branches.get(branch) ?? []),
  )
  const services = files.flatMap(({ place, uri }) =>
    place.level === 'service' && uri === METADATA_FILE && stages.includes(place.stage)
      ? [{ stage: place.stage, service: place.service }]
      : [],
  )
  const present = new Set(
    files.flatMap(({ place }) => (place.level === 'project' ? [] : [place.stage])),
  )
  const missingStages = stages.filter((stage) =>
    kind === 'directories' ? !present.has(stage) : !branches.has(stage),
  )
  return { code: kind, mainBranch, missingStages, services }
}

function none(reason: string): LayoutFinding {
  return { code: 'none', reason }
}
