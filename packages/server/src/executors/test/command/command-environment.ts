import { isJsonObject, type JsonObject } from '@tiphys/contract/json.ts'
import type { CommandPlan } from '@tiphys/contract/test-plan.ts'
import type { CommandSettings } from '../../../settings/command-settings.ts'
import type { TaskJob } from '../../executor.ts'
import type { CommandFolder } from './command-folder.ts'

const MAX_LABELS = 100
const MAX_LABEL_CHARACTERS = 4_096

/**
 * Everything that a program sees of its surroundings: nothing of the server's environment except what the operator names. Values of the
 * event (address, labels) are values only; what is run does not follow from them (behaviour.md 5).
 */
export function environmentOf(
  job: Pick<TaskJob, 'project' | 'stage' | 'service' | 'context' | 'runId' | 'sequence' | 'data'>,
  plan: CommandPlan,
  settings: Pick<CommandSettings, 'path' | 'environment'>,
  place: { readonly folder: CommandFolder; readonly url: string | undefined },
): Readonly<Record<string, string>> {
  return {
    LANG: 'C.UTF-8',
    ...settings.environment,
    ...plan.environment,
    ...labelsOf(job.data),
    PATH: settings.path,
    HOME: place.folder.home,
    TMPDIR: place.folder.temporary,
    ...(place.url === undefined ? {} : { TARGET_URL: place.url }),
    TIPHYS_PROJECT: job.project,
    TIPHYS_STAGE: job.stage,
    TIPHYS_SERVICE: job.service,
    TIPHYS_SEQUENCE: job.sequence,
    TIPHYS_CONTEXT: job.context,
    TIPHYS_RUN: job.runId,
  }
}

function labelsOf(data: JsonObject): Record<string, string> {
  const { labels } = data
  if (labels === undefined || !isJsonObject(labels)) return {}
  const known = Object.entries(labels).slice(0, MAX_LABELS)
  return Object.fromEntries(
    known.flatMap(([name, value]): [string, string][] => {
      const variable = `TIPHYS_LABEL_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`
      const text = typeof value === 'string' ? value : JSON.stringify(value)
      const isUsable = text.length <= MAX_LABEL_CHARACTERS && !text.includes('\0')
      return isUsable ? [[variable, text]] : []
    }),
  )
}
