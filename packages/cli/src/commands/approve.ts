import type { Approval } from '@tiphys/contract/http/native-approval.ts'
import { decideApproval, listApprovals } from '../client/approvals.ts'
import type { HttpClient } from '../client/http-client.ts'
import { openClient } from '../connection/open-client.ts'
import type { ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import type { GlobalOptions } from '../lazy.ts'
import { type DataFormat, printData, printNote } from '../output/print.ts'
import { userName } from '../user-name.ts'

type Decision = GlobalOptions & {
  readonly decline?: boolean
  readonly comment?: string
  readonly as?: string
  readonly output?: DataFormat
}

/** By keptn context or by the id of the approval. */
export async function approve(
  options: Decision & { readonly project?: string; readonly stage?: string },
  [wanted = '']: readonly string[],
): Promise<ExitCode | undefined> {
  const client = openClient(options)
  const open = await listApprovals(client, options.project)
  const found = open.filter(
    (approval) =>
      (approval.context === wanted || approval.triggeredId === wanted) &&
      (options.stage === undefined || approval.stage === options.stage),
  )
  const approval = theOne(found, `for ${wanted}`)
  return decide(client, approval, options)
}

/** Keptn's form: by project and stage. */
export async function sendApproval(
  options: Decision & {
    readonly project: string
    readonly stage: string
    readonly service?: string
    readonly id?: string
  },
): Promise<ExitCode | undefined> {
  const client = openClient(options)
  const open = await listApprovals(client, options.project)
  const found = open.filter(
    (approval) =>
      approval.stage === options.stage &&
      (options.service === undefined || approval.service === options.service) &&
      (options.id === undefined || approval.triggeredId === options.id),
  )
  const approval = theOne(found, `in stage ${options.stage} of project ${options.project}`)
  return decide(client, approval, options)
}

function theOne(found: readonly Approval[], where: string): Approval {
  const [approval, ...others] = found
  if (approval === undefined) {
    throw new CommandFailure(
      `no approval is open ${where}; see: tiphys get event approval.triggered --project <name>`,
    )
  }
  if (others.length === 0) return approval
  const list = found.map((one) => `${one.triggeredId} (${one.stage}, ${one.service})`).join(', ')
  throw new CommandFailure(
    `${found.length} approvals are open ${where}; choose one by its id: ${list}`,
  )
}

async function decide(
  client: HttpClient,
  approval: Approval,
  options: Decision,
): Promise<ExitCode | undefined> {
  const decision = options.decline === true ? ('fail' as const) : ('pass' as const)
  const person = options.as ?? userName()
  await decideApproval(client, approval.triggeredId, {
    decision,
    ...(options.comment === undefined ? {} : { comment: options.comment }),
    ...(person === undefined ? {} : { person }),
  })
  const { context, stage, service, sequence, triggeredId } = approval
  const word = decision === 'pass' ? 'Approved' : 'Declined'
  if (options.output === undefined) {
    printNote(`${word}: ${service} in ${stage} (${sequence}).`)
  } else {
    printData({ keptnContext: context, triggeredId, stage, service, decision }, options.output, '')
  }
  return undefined
}
