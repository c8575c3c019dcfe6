import type { ApplicationSource } from '../application/application.ts'
import { releaseValues, type Values, valueAt } from './helm-values.ts'
import { type Manifest, parseManifests, parseYamlDocuments, RenderError } from './manifest.ts'
import { joinInside, type SourceTree } from './source-tree.ts'

export type Release = { name: string; namespace: string }

/**
 * A Helm-like source, without Go templates. A chart with a `templates/` folder gets plain substitution:
 * `{{ .Values.a.b }}`, `{{ .Release.Name }}`, `{{ .Release.Namespace }}`, `{{ .Chart.Name }}`,
 * `{{ .Chart.AppVersion }}`, each with `| quote` and `| default "x"`; any other action is an error. A chart
 * without templates is one Deployment and one Service named after the release, with
 * `image.repository`, `image.tag` (default: appVersion of the chart) and `replicaCount`.
 */
export async function renderHelm(
  tree: SourceTree,
  folder: string,
  source: ApplicationSource,
  release: Release,
  references: ReadonlyMap<string, SourceTree>,
): Promise<Manifest[]> {
  const chartPath = joinInside(folder, 'Chart.yaml')
  const chart = parseYamlDocuments(await tree.read(chartPath), chartPath)[0] as Values | null
  const helm = source.helm ?? {}
  const named = { ...release, name: helm.releaseName ?? release.name }
  const values = await releaseValues(tree, folder, helm, references)
  const templates = (await tree.list(joinInside(folder, 'templates')))
    .filter((path) => /\.ya?ml$/.test(path))
    .sort()
  if (templates.length === 0) return builtInChart(values, chart ?? {}, named)
  const scope = {
    Values: values,
    Chart: capitalised(chart ?? {}),
    Release: { Name: named.name, Namespace: named.namespace, Service: 'Helm' },
  }
  const manifests: Manifest[] = []
  for (const path of templates) {
    manifests.push(...parseManifests(substitute(await tree.read(path), scope, path), path))
  }
  return manifests
}

const ACTION = /\{\{-?\s*(.*?)\s*-?\}\}/g
const LOOK_UP = /^\.((?:Values|Chart|Release)(?:\.[\w-]+)+)$/
const DEFAULT = /^default\s+"([^"]*)"$/

function substitute(text: string, scope: Values, path: string): string {
  return text.replace(ACTION, (_whole, action: string) => {
    const [lookUp = '', ...filters] = action.split('|').map((part) => part.trim())
    const [, name] = lookUp.match(LOOK_UP) ?? []
    if (name === undefined)
      throw new RenderError(`${path}: template action {{ ${action} }} is not simulated`)
    let value = valueAt(scope, name)
    for (const filter of filters) {
      const [, fallback] = filter.match(DEFAULT) ?? []
      if (fallback !== undefined) value = value === undefined || value === '' ? fallback : value
      else if (filter === 'quote') value = JSON.stringify(shown(value))
      else throw new RenderError(`${path}: template function ${filter} is not simulated`)
    }
    return shown(value)
  })
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function capitalised(chart: Values): Values {
  return Object.fromEntries(
    Object.entries(chart).map(([key, value]) => [
      `${key.slice(0, 1).toUpperCase()}${key.slice(1)}`,
      value,
    ]),
  )
}

function builtInChart(values: Values, chart: Values, release: Release): Manifest[] {
  const repository = valueAt(values, 'image.repository')
  const tag = valueAt(values, 'image.tag') ?? chart['appVersion']
  if (typeof repository !== 'string' || repository === '') {
    throw new RenderError('values: image.repository is missing, and the chart has no templates')
  }
  const labels = { app: release.name }
  const image = shown(tag) === '' ? repository : `${repository}:${shown(tag)}`
  const metadata = { name: release.name, labels }
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas: valueAt(values, 'replicaCount') ?? 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: release.name, image }] },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...metadata },
      spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
    },
  ]
}
