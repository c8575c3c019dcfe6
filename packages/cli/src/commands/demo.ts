import { createNarrator, type Narrator } from '../demo/narrator.ts'
import { PROJECT, raiseStageSet, type StageSet } from '../demo/stage-set.ts'
import { playDemo, SLOW, type Story } from '../demo/story.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { terminalOf } from '../output/terminal.ts'
import { ownName } from '../own-name.ts'

export type DemoOptions = {
  /** Leave everything running afterwards, until Ctrl-C. */
  readonly keep?: boolean
  readonly port?: string
  readonly color?: boolean
  readonly verbose?: boolean
}

/** The main job, end to end, on this machine: exit code 0 only if all of it happened. */
export async function runDemo(options: DemoOptions): Promise<ExitCode> {
  const terminal = terminalOf(options)
  const narrator = createNarrator(terminal, (text) => process.stdout.write(text))
  const startedMs = Date.now()
  const port = options.port === undefined ? {} : { port: Number(options.port) }
  await using set = await raiseStageSet({ ...port, ...(options.verbose ? { verbose: true } : {}) })
  introduce(narrator, set)
  const story = await playDemo(set, narrator, terminal)
  conclude(narrator, set, story, { tookMs: Date.now() - startedMs, isKept: options.keep === true })
  if (options.keep) await keepRunning(narrator, set)
  return story.promises.every((one) => one.kept) ? EXIT.pass : EXIT.fail
}

function introduce(narrator: Narrator, set: StageSet): void {
  narrator.line('Tiphys decides whether what Argo CD deployed may stay.')
  narrator.line()
  narrator.line(`  Tiphys    ${set.server.url}`)
  narrator.line(`  Argo CD   ${set.simulator.url}  (simulated API; what it deploys really runs)`)
  narrator.line(`  Git       ${set.gitops.path}`)
  narrator.line('  Service   carts, in staging (auto-sync) and production')
}

function conclude(
  narrator: Narrator,
  set: StageSet,
  story: Story,
  { tookMs, isKept }: { readonly tookMs: number; readonly isKept: boolean },
): void {
  narrator.line()
  for (const { promise, kept, detail } of story.promises) narrator.check(kept, promise, detail)
  narrator.line()
  narrator.line(`Why ${SLOW} went back: ${story.reason}`)
  narrator.line(
    `Every run, with its tasks: ${set.server.url}/api/tiphys/v1/runs?project=${PROJECT}`,
  )
  if (!isKept)
    narrator.line('(It stops now. Keep it running to look around: npm run demo -- --keep)')
  narrator.line(`Took ${Math.round(tookMs / 1_000)} s.`)
}

async function keepRunning(narrator: Narrator, set: StageSet): Promise<void> {
  narrator.line()
  narrator.line('Still running, until Ctrl-C. From another terminal:')
  narrator.line(`  ${ownName()} auth --endpoint ${set.server.url} --api-token ${set.token}`)
  narrator.line(`  ${ownName()} get sequences --project ${PROJECT}`)
  narrator.line(
    `  curl -H 'x-token: ${set.token}' ${set.server.url}/api/tiphys/v1/runs?project=${PROJECT}`,
  )
  narrator.line(
    `  ${ownName()} trigger delivery --project ${PROJECT} --service carts --image sample:1.4.0 --wait`,
  )
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
}
