import type { NamedText } from '@tiphys/providers/evaluation/slo-text.ts'
import { type ProjectSnapshot, placeName } from '../../engine/project-snapshot.ts'
import type { Place } from '../../ports/configuration.ts'

export const SLO_URI = 'slo.yaml'
const SLI_FILE = /^([^/]+)\/sli\.yaml$/

/** As Keptn: the service's own, and no other. */
export async function sloOf(
  snapshot: ProjectSnapshot,
  stage: string,
  service: string,
): Promise<NamedText | null> {
  const place: Place = { level: 'service', stage, service }
  const text = await snapshot.readAt(place, SLO_URI)
  return text === undefined ? null : { file: placeName(place, SLO_URI), text }
}

/** Per provider: project, then stage, then service, so that the nearer one overrides (facts/keptn-v1.md 3.1). */
export async function sliFilesOf(
  snapshot: ProjectSnapshot,
  stage: string,
  service: string,
): Promise<Record<string, NamedText[]>> {
  const places: Place[] = [
    { level: 'project' },
    { level: 'stage', stage },
    { level: 'service', stage, service },
  ]
  const providers = new Set(snapshot.entries.flatMap(({ uri }) => SLI_FILE.exec(uri)?.[1] ?? []))
  const files: Record<string, NamedText[]> = {}
  for (const provider of providers) {
    const uri = `${provider}/sli.yaml`
    const found: NamedText[] = []
    for (const place of places) {
      const text = await snapshot.readAt(place, uri)
      if (text !== undefined) found.push({ file: placeName(place, uri), text })
    }
    if (found.length > 0) files[provider] = found
  }
  return files
}
