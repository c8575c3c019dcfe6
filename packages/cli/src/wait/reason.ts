import type { Run } from '@tiphys/contract/http/native-run.ts'
import { readEvaluation, sentenceOf } from '../client/evaluations.ts'
import type { HttpClient } from '../client/http-client.ts'
import type { Judgement } from './verdict.ts'

const EVALUATION = 'evaluation'

/**
 * Why it ended so: in numbers where an evaluation decided, else in the words of the task. For a pass, what each evaluation on the way
 * said.
 */
export async function reasonOf(
  client: HttpClient,
  judgement: Judgement,
  runs: readonly Run[],
): Promise<string> {
  if (judgement.verdict === 'pass') {
    const sentences = await Promise.all(runs.map((run) => evaluationSentences(client, run)))
    return sentences.flat().join(' ') || 'everything passed'
  }
  const { run, task, message } = judgement
  if (task?.name === EVALUATION && task.triggeredId !== undefined) {
    const sentence = await sentenceFor(client, task.triggeredId)
    if (sentence !== undefined) return sentence
  }
  const place = [run?.stage, run?.sequence, task?.name].filter(Boolean).join(' ')
  return [place, message || 'no reason was given'].filter(Boolean).join(': ')
}

async function evaluationSentences(client: HttpClient, run: Run): Promise<string[]> {
  const ids = run.tasks.flatMap((task) =>
    task.name === EVALUATION && task.triggeredId !== undefined ? [task.triggeredId] : [],
  )
  const sentences = await Promise.all(ids.map((id) => sentenceFor(client, id)))
  return sentences.filter((sentence) => sentence !== undefined)
}

/** The verdict stands without its report: a server that cannot give it now does not change the exit code. */
function sentenceFor(client: HttpClient, triggeredId: string): Promise<string | undefined> {
  return readEvaluation(client, triggeredId).then(sentenceOf, () => undefined)
}
