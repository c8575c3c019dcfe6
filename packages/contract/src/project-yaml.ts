import { z } from 'zod'
import { Freeze, MAX_FREEZES } from './freeze.ts'
import { Retention } from './retention.ts'

/** What happens to newer runs while an approval of a stage is open (behaviour.md 2). */
export const QueuePolicy = z.enum(['supersede', 'hold', 'overtake'])
export type QueuePolicy = z.infer<typeof QueuePolicy>

export const StageSettings = z.strictObject({
  queue: QueuePolicy.optional(),
  /** `git`: a deployment that Argo CD made by itself is rolled back too when its verdict is fail. Unset: verdict only. */
  rollback: z.enum(['git', 'none']).optional(),
  /** Write the verdict onto the application, once per verdict. */
  annotate: z.boolean().optional(),
})

export type StageSettings = z.infer<typeof StageSettings>

/** `tiphys/project.yaml` (project level): our own file, so an unknown key is an error. */
export const ProjectYaml = z.strictObject({
  apiVersion: z.literal('tiphys.dev/v1').optional(),
  /** Hosts (`shop.example.com`, `*.example.com`, `127.0.0.1:8080`) that tests may be sent to (behaviour.md 5). */
  targets: z.array(z.string().min(1)).max(100).optional(),
  /** The SLI provider where no `<provider>/sli.yaml` names one. */
  sliProvider: z.string().min(1).optional(),
  annotate: z.boolean().optional(),
  /** Times without deployments (A12). */
  freezes: z.array(Freeze).max(MAX_FREEZES).optional(),
  /** How long sequences that are over are kept (`30d`, `forever`), instead of the server's setting. */
  retention: Retention.optional(),
  stages: z.record(z.string(), StageSettings).optional(),
})
export type ProjectYaml = z.infer<typeof ProjectYaml>

export const PROJECT_YAML_URI = 'tiphys/project.yaml'
