import { z } from 'zod'
import { containersOf, parseImage } from '../render/image.ts'
import type { Manifest } from '../render/manifest.ts'

/** Only such variables of a container reach the process: a manifest must not steer the runtime (NODE_OPTIONS …). */
const PASSED_ENVIRONMENT = /^SAMPLE_[A-Z0-9_]+$/

const MS_PER_SECOND = 1000

const workloadSpecSchema = z.looseObject({
  replicas: z.number().int().optional(),
  paused: z.boolean().optional(),
  progressDeadlineSeconds: z.number().optional(),
  template: z.unknown().optional(),
})

/** What of a Deployment or Rollout decides about its process. */
export type PodTemplate = {
  /** Equal hashes mean the same pods: nothing is restarted. */
  readonly hash: string
  readonly image: string
  /** The tag of the image, which names the version of the sample service. */
  readonly version: string
  readonly environment: Readonly<Record<string, string>>
  readonly replicas: number
  readonly isPaused: boolean
  readonly progressDeadlineMs: number
}

/**
 * Reads the pod template. Answers the reason, in the words of the Kubernetes API, when there is no container
 * to run.
 */
export function podTemplateOf(
  manifest: Manifest,
  defaultProgressDeadlineMs: number,
): { template: PodTemplate } | { invalid: string } {
  const spec = workloadSpecSchema.safeParse(manifest['spec'])
  const [container] = containersOf(manifest)
  if (!spec.success || container === undefined) {
    return { invalid: 'spec.template.spec.containers: Required value' }
  }
  if (container.image === undefined || container.image === '') {
    return { invalid: 'spec.template.spec.containers[0].image: Required value' }
  }
  const environment: Record<string, string> = {}
  for (const { name, value } of container.env ?? []) {
    if (PASSED_ENVIRONMENT.test(name) && value !== undefined) environment[name] = value
  }
  const { replicas, paused, progressDeadlineSeconds, template } = spec.data
  return {
    template: {
      hash: JSON.stringify(template),
      image: container.image,
      version: parseImage(container.image).tag ?? 'latest',
      environment,
      replicas: replicas ?? 1,
      isPaused: paused ?? false,
      progressDeadlineMs:
        progressDeadlineSeconds === undefined
          ? defaultProgressDeadlineMs
          : progressDeadlineSeconds * MS_PER_SECOND,
    },
  }
}
