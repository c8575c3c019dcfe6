import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Approval, ApprovalList } from '@tiphys/contract/http/native-approval.ts'
import { EvaluationPage, StoredEvaluation } from '@tiphys/contract/http/native-evaluation.ts'
import { ContextTimeline, Run, RunPage, WhyWaiting } from '@tiphys/contract/http/native-run.ts'
import type { TaskExecutor } from '../../src/executors/executor.ts'
import { baselineEvaluations } from '../../src/projections/evaluation-history.ts'
import { base64, type House, startHouse } from './house.ts'

const NATIVE = '/api/tiphys/v1'

const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.2
kind: Shipyard
metadata: { name: shop }
spec:
  stages:
    - name: dev
      sequences:
        - name: delivery
          tasks:
            - name: test
              properties: { executor: external }
            - name: evaluation
        - name: rollback
          triggeredOn:
            - event: dev.delivery.finished
              selector: { match: { result: fail } }
          tasks:
            - name: rollback
              properties: { executor: external }
    - name: prod
      sequences:
        - name: delivery
          triggeredOn:
            - event: dev.delivery.finished
          tasks:
            - name: approval
`

const EVALUATION = {
  timeStart: '2026-01-01T00:00:00.000Z',
  timeEnd: '2026-01-01T00:05:00.000Z',
  score: 75,
  sloFileContent: '',
  indicatorResults: [],
  comparedEvents: [],
}

/** Judges as the version says, so that a test can choose. */
const evaluator: TaskExecutor = {
  task: 'evaluation',
  source: 'lighthouse-service',
  takes: () => 'configured',
  execute(job) {
    const labels = job.data['labels'] as { verdict?: 'pass' | 'warning' | 'fail' | 'none' }
    const verdict = labels.verdict ?? 'pass'
    if (verdict === 'none') {
      const message = 'the provider did not answer'
      return Promise.resolve({ code: 'finished', status: 'errored', result: 'fail', message })
    }
    return Promise.resolve({
      code: 'finished',
      status: 'succeeded',
      result: verdict,
      message: `score 75 is ${verdict}`,
      data: {
        evaluation: { ...EVALUATION, result: verdict },
        explanation: { sentence: `it is ${verdict}` },
      },
    })
  },
}

describe('the native API', () => {
  let house: House
  before(async () => {
    house = await startHouse([evaluator])
    const shop = { name: 'shop', shipyard: base64(SHIPYARD) }
    await send('POST', '/api/controlPlane/v1/project', { body: shop })
    for (const serviceName of ['cart', 'search', 'ledger']) {
      const path = '/api/controlPlane/v1/project/shop/service'
      await send('POST', path, { body: { serviceName } })
    }
  })
  after(() => house.close())

  const send: House['api']['send'] = (...args) => house.api.send(...args)

  async function trigger(verdict: string, service = 'cart'): Promise<string> {
    const answer = await send('POST', '/api/v1/event', {
      token: 'trigger',
      body: {
        type: 'sh.keptn.event.dev.delivery.triggered',
        source: 'test',
        data: { project: 'shop', stage: 'dev', service, labels: { verdict } },
      },
    })
    await house.engine.settled()
    return (answer.json as { keptnContext: string }).keptnContext
  }

  async function timeline(context: string): Promise<ContextTimeline> {
    await house.engine.settled()
    const answer = await send('GET', `${NATIVE}/contexts/${context}`, { token: 'reader' })
    assert.equal(answer.status, 200, answer.text)
    return ContextTimeline.parse(answer.json)
  }

  async function reportTask(context: string, result: string): Promise<void> {
    const open = (await timeline(context)).runs
      .flatMap((run) => run.tasks)
      .find((task) => task.state === 'open' && task.carrier === 'external')
    const answer = await send('POST', `${NATIVE}/tasks/${open?.triggeredId}/result`, {
      token: 'answerer',
      body: { result, message: `${open?.name} says ${result}`, data: { [open?.name ?? '']: {} } },
    })
    assert.equal(answer.status, 200, answer.text)
  }

  async function approvalOf(context: string): Promise<Approval> {
    const answer = await send('GET', `${NATIVE}/approvals?project=shop`, { token: 'approver' })
    const found = ApprovalList.parse(answer.json).approvals.find((one) => one.context === context)
    assert.ok(found)
    return found
  }

  it('shows what a context is doing and what it waits for', async () => {
    const context = await trigger('pass')
    const now = await timeline(context)
    assert.equal(now.open, true)
    assert.equal(now.verdict, undefined)
    const [run] = now.runs
    assert.equal(run?.state, 'started')
    assert.equal(run?.by, 'trigger')
    assert.deepEqual(
      run?.tasks.map((task) => [task.name, task.state, task.carrier]),
      [
        ['test', 'open', 'external'],
        ['evaluation', 'planned', 'tiphys'],
      ],
    )
    assert.equal(run?.waiting[0]?.code, 'answer')
    const why = await send('GET', `${NATIVE}/contexts/${context}/why`)
    const answer = WhyWaiting.parse(why.json)
    assert.equal(answer.open, true)
    assert.match(answer.waiting[0]?.message ?? '', /test/)
    assert.ok(answer.waiting[0]?.until)
    await reportTask(context, 'fail')
    // The failure triggered a rollback in the same lane.
    await reportTask(context, 'pass')
    assert.equal((await timeline(context)).open, false)
  })

  it('takes started and finished of a task in one call, and records who reported', async () => {
    const context = await trigger('pass')
    await reportTask(context, 'pass')
    const [run] = (await timeline(context)).runs
    const [test] = run?.tasks ?? []
    assert.deepEqual(
      test?.answers.map((answer) => [answer.type, answer.by, answer.result]),
      [
        ['sh.keptn.event.test.started', 'answerer', undefined],
        ['sh.keptn.event.test.finished', 'answerer', 'pass'],
      ],
    )
    const again = await send('POST', `${NATIVE}/tasks/${test?.triggeredId}/result`, {
      body: { result: 'pass' },
    })
    assert.equal(again.status, 404)
    assert.match((again.json as { message: string }).message, /^there is no open task /)
    await send('POST', `${NATIVE}/contexts/${context}/control`, { body: { action: 'abort' } })
  })

  it('lists approvals with their evidence, and records who decided', async () => {
    const context = await trigger('warning')
    await reportTask(context, 'pass')
    const approval = await approvalOf(context)
    assert.equal(approval.stage, 'prod')
    assert.equal(approval.sequence, 'delivery')
    assert.equal(approval.result, 'warning')
    assert.deepEqual(approval.evaluation, { result: 'warning', score: 75 })
    assert.deepEqual(approval.labels, { verdict: 'warning' })

    const path = `${NATIVE}/approvals/${approval.triggeredId}`
    const body = { decision: 'pass', comment: 'looks fine', person: 'Ada' }
    const refused = await send('POST', path, { body, token: 'trigger' })
    assert.equal(refused.status, 403)
    const reported = await send('POST', `${NATIVE}/tasks/${approval.triggeredId}/result`, {
      body: { result: 'pass' },
      token: 'answerer',
    })
    assert.equal(reported.status, 400)
    const decided = await send('POST', path, { body, token: 'approver' })
    assert.equal(decided.status, 200, decided.text)
    const after = await timeline(context)
    assert.equal(after.open, false)
    assert.equal(after.verdict, 'warning')
    assert.equal(after.reason, 'dev.delivery: evaluation: score 75 is warning')
    const task = after.runs[1]?.tasks[0]
    assert.equal(task?.message, 'approved by Ada (token approver): looks fine')
    assert.equal(task?.answers.at(-1)?.by, 'approver')
    assert.equal((await send('POST', path, { body, token: 'approver' })).status, 404)
    const store = `/api/mongodb-datastore/event?project=shop&keptnContext=${context}`
    const events = await send('GET', `${store}&type=sh.keptn.event.approval.finished`)
    const [event] = (events.json as { events: { data: Record<string, unknown> }[] }).events
    assert.deepEqual(event?.data['approval'], {
      decision: 'pass',
      comment: 'looks fine',
      person: 'Ada',
      decidedBy: 'approver',
    })
  })

  it('has the worst verdict on the way, in any run of the context', async () => {
    const failed = await trigger('fail')
    await reportTask(failed, 'pass')
    await reportTask(failed, 'pass')
    const context = await timeline(failed)
    assert.deepEqual(
      context.runs.map((run) => [run.sequence, run.verdict]),
      [
        ['delivery', 'fail'],
        ['rollback', 'pass'],
      ],
    )
    assert.equal(context.verdict, 'fail')
    assert.equal(context.open, false)

    const errored = await trigger('none')
    await reportTask(errored, 'pass')
    await reportTask(errored, 'pass')
    const without = await timeline(errored)
    assert.equal(without.verdict, 'none')
    assert.equal(without.reason, 'dev.delivery: evaluation: the provider did not answer')

    const declined = await trigger('pass')
    await reportTask(declined, 'pass')
    const { triggeredId } = await approvalOf(declined)
    await send('POST', `${NATIVE}/approvals/${triggeredId}`, { body: { decision: 'fail' } })
    const { verdict, reason } = await timeline(declined)
    assert.equal(verdict, 'fail')
    assert.equal(reason, 'prod.delivery: approval: declined by admin')
  })

  it('lists runs by state and context, and shows one', async () => {
    const holder = await trigger('pass')
    const waiter = await trigger('pass')
    const list = async (query: string) =>
      RunPage.parse((await send('GET', `${NATIVE}/runs?${query}`)).json)
    const waiting = await list('project=shop&state=waiting')
    assert.deepEqual(
      waiting.runs.map((run) => [run.context, run.state, run.waiting[0]?.code]),
      [[waiter, 'waiting', 'lane']],
    )
    assert.equal((await list('project=shop&state=triggered')).totalCount, 0)
    assert.deepEqual(
      (await list('state=started')).runs.map((run) => run.context),
      [holder],
    )
    const [run] = (await list(`context=${holder}`)).runs
    const one = Run.parse((await send('GET', `${NATIVE}/runs/${run?.id}`)).json)
    assert.deepEqual(one, run)
    const paged = await list('project=shop&pageSize=2')
    assert.equal(paged.nextPageKey, 2)
    assert.equal(paged.runs[0]?.context, waiter)
    for (const context of [waiter, holder]) {
      const answer = await send('POST', `${NATIVE}/contexts/${context}/control`, {
        body: { action: 'abort' },
      })
      assert.deepEqual(answer.json, { runs: 1 })
    }
    const aborted = await timeline(holder)
    assert.equal(aborted.verdict, 'none')
    assert.equal(aborted.runs[0]?.endedBy, 'admin')
  })

  it('finds a context by the text a client gave it', async () => {
    const body = {
      type: 'sh.keptn.event.dev.delivery.triggered',
      shkeptncontext: 'build 17',
      data: { project: 'shop', stage: 'dev', service: 'cart' },
    }
    await send('POST', '/api/v1/event', { body })
    const found = await timeline('build%2017')
    assert.match(found.context, /^[0-9a-f-]{36}$/)
    await send('POST', `${NATIVE}/contexts/build%2017/control`, { body: { action: 'abort' } })
  })

  /** Deliveries one after the other, each evaluated as it says. */
  async function evaluated(service: string, verdicts: readonly string[]): Promise<void> {
    for (const verdict of verdicts) {
      const context = await trigger(verdict, service)
      await reportTask(context, 'pass')
      await house.engine.settled()
      await send('POST', `${NATIVE}/contexts/${context}/control`, { body: { action: 'abort' } })
    }
  }

  it('shows evaluations with the explanation that was stored', async () => {
    await evaluated('search', ['warning', 'none', 'pass'])
    const list = await send('GET', `${NATIVE}/evaluations?project=shop&stage=dev&service=search`)
    const { evaluations } = EvaluationPage.parse(list.json)
    assert.deepEqual(
      evaluations.map((one) => [one.status, one.result]),
      [
        ['succeeded', 'pass'],
        ['errored', 'fail'],
        ['succeeded', 'warning'],
      ],
    )
    const warning = evaluations[2]
    assert.equal(warning?.summary?.score, 75)
    const one = await send('GET', `${NATIVE}/evaluations/${warning?.triggeredId}`)
    const evaluation = StoredEvaluation.parse(one.json)
    assert.equal(evaluation.evaluation?.score, 75)
    assert.deepEqual(evaluation.explanation, { sentence: 'it is warning' })
    assert.equal(evaluation.by, 'tiphys')
    assert.equal((await send('GET', `${NATIVE}/evaluations/none`)).status, 404)
    assert.equal((await send('GET', `${NATIVE}/evaluations`)).status, 400)
  })

  it('has as baselines what we evaluated and nobody took back', async () => {
    const record = house.projects.find('shop')
    assert.ok(record)
    await evaluated('ledger', ['warning', 'fail', 'none', 'pass'])
    const query = { projectId: record.projectId, stage: 'dev', service: 'ledger', limit: 10 }
    const before = await baselineEvaluations(house.projections, query)
    // The one whose provider did not answer holds no evaluation.
    assert.deepEqual(
      before.map((one) => one.result),
      ['pass', 'fail', 'warning'],
    )
    const forged = {
      type: 'sh.keptn.event.evaluation.finished',
      source: 'lighthouse-service',
      triggeredid: before[1]?.triggeredId,
      data: {
        project: 'shop',
        stage: 'dev',
        service: 'ledger',
        status: 'succeeded',
        result: 'pass',
        evaluation: { ...EVALUATION, result: 'pass', score: 100 },
      },
    }
    assert.equal((await send('POST', '/api/v1/event', { body: forged })).status, 200)
    const invalidated = {
      type: 'sh.keptn.event.evaluation.invalidated',
      triggeredid: before[2]?.triggeredId,
      data: { project: 'shop', stage: 'dev', service: 'ledger' },
    }
    assert.equal((await send('POST', '/api/v1/event', { body: invalidated })).status, 200)
    const after = await baselineEvaluations(house.projections, query)
    assert.deepEqual(
      after.map((one) => one.eventId),
      before.slice(0, 2).map((one) => one.eventId),
    )
    const passed = await baselineEvaluations(house.projections, { ...query, results: ['pass'] })
    assert.equal(passed.length, 1)
    const taken = await send('GET', `${NATIVE}/evaluations/${before[2]?.triggeredId}`)
    assert.equal(StoredEvaluation.parse(taken.json).invalidated?.by, 'admin')
  })

  it('hides what a token may not see', async () => {
    const context = await trigger('pass')
    const other = { token: 'other-reader' }
    assert.equal((await send('GET', `${NATIVE}/contexts/${context}`, other)).status, 404)
    const { runs } = await timeline(context)
    assert.equal((await send('GET', `${NATIVE}/runs/${runs[0]?.id}`, other)).status, 404)
    assert.equal((await send('GET', `${NATIVE}/runs`, other)).status, 403)
    assert.equal((await send('GET', `${NATIVE}/runs?project=shop`, other)).status, 403)
    await send('POST', `${NATIVE}/contexts/${context}/control`, { body: { action: 'abort' } })
  })

  it('rebuilds the same projections from the log', async () => {
    await house.projections.catchUp()
    const live = await house.projections.dump()
    await house.projections.rebuild()
    assert.deepEqual(await house.projections.dump(), live)
  })
})
