import type { Artifacts } from '../../../ports/artifacts.ts'
import type { ResourceEntry } from '../../../ports/configuration.ts'
import type { Processes } from '../../../ports/processes.ts'
import type { CommandSettings } from '../../../settings/command-settings.ts'
import type { TaskJob } from '../../executor.ts'

/** What commands of tests need of the house; without them no test may run a program. */
export type CommandPowers = {
  readonly settings: CommandSettings
  readonly processes: Processes
  readonly artifacts: Artifacts
  /** A file of the project as it is at the run's pin. */
  readonly readFile: (job: TaskJob, entry: ResourceEntry) => Promise<Uint8Array | undefined>
  /** Hides secrets in what a program writes. */
  readonly mask: (text: string) => string
  /** How people reach this server, with its base path: for links. */
  readonly baseUrl: string
}
