import { strict as assert } from 'node:assert'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type RealServer, type Service, startRealServer, startService } from './real-server.ts'
import type { CliResult } from './run-cli.ts'

const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: {name: shop}
spec:
  stages:
    - name: dev
      sequences:
        - name: verify
          tasks: [{name: test}, {name: evaluation}]
        - name: gated
          tasks: [{name: approval, properties: {pass: manual, warning: manual}}]
        - name: remote
          tasks: [{name: scan}]
`
const PROJECT = 'targets: ["127.0.0.1:*"]\nsliProvider: test-results\n'
const SLO = `spec_version: "1.0"
objectives:
  - sli: error_rate
    displayName: Error rate
    pass: [{criteria: ["<5"]}]
total_score: {pass: "90%", warning: "75%"}
`
const tests = (url: string) => `apiVersion: tiphys.dev/v1
target: ${url}
tests:
  - name: load
    load: {rate: 50/s, duration: 500ms, requests: [{request: GET /}]}
`

/** A project with one service on a real server. */
async function createShop(t: TestContext): Promise<RealServer & { readonly service: Service }> {
  const server = await startRealServer(t)
  const service = await startService(t)
  const { cli } = server
  const files = {
    'shipyard.yaml': SHIPYARD,
    'project.yaml': PROJECT,
    'slo.yaml': SLO,
    'tests.yaml': tests(service.url),
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cli.home, name), text)
  await succeed(cli.run(['create', 'project', 'shop', '--shipyard=shipyard.yaml']))
  await succeed(cli.run(['create', 'service', 'carts', '--project=shop']))
  const add = ['add-resource', '--project=shop']
  await succeed(cli.run([...add, '--resource=project.yaml', '--resourceUri=tiphys/project.yaml']))
  await succeed(cli.run([...add, '--resource=tests.yaml', '--resourceUri=tiphys/tests.yaml']))
  await succeed(cli.run([...add, '--stage=dev', '--service=carts', '--resource=slo.yaml']))
  return { ...server, service }
}

async function succeed(result: Promise<CliResult>): Promise<CliResult> {
  const { code, stdout, stderr } = await result
  assert.equal(code, 0, `${stdout}${stderr}`)
  return { code, stdout, stderr }
}

const trigger = (sequence: string, ...more: string[]) => [
  ...['trigger', 'sequence', sequence, '--project=shop', '--service=carts', '--stage=dev'],
  ...more,
]

test('a project on a real server', async (t) => {
  const { cli, service, crashAndRestart } = await createShop(t)

  await t.test(
    'a gate from the first trigger to its report: pass, then fail with the reason in numbers',
    async () => {
      const passed = await succeed(cli.run(trigger('verify', '--wait', '--timeout=60s')))
      assert.match(passed.stdout, /^pass: carts passed in dev with 100 of 90 needed\.$/m)
      assert.match(passed.stderr, /^dev verify: test pass after /m)

      service.status = 500
      const failed = await cli.run(
        trigger('verify', '--wait', '--timeout=60s', '-o', 'json', '--quiet'),
      )
      const conclusion = JSON.parse(failed.stdout)
      assert.deepEqual([failed.code, conclusion.verdict, failed.stderr], [1, 'fail', ''])

      const why = await succeed(cli.run(['why', conclusion.keptnContext]))
      assert.match(why.stdout, /^✖ dev verify/m)
      assert.match(why.stdout, /^fail: /m)

      const list = await succeed(cli.run(['get', 'sequences', '--project=shop']))
      assert.equal(list.stdout.trimEnd().split('\n').length, 3)
      const evaluation = await succeed(
        cli.run(['get', 'evaluation', '--project=shop', '--service=carts']),
      )
      assert.match(evaluation.stdout, /^carts passed in dev with 100 of 90 needed\./)
      const forms = { markdown: /^\*\*pass · 100 of 90 needed/, html: /^<!doctype html>/ }
      for (const [form, start] of Object.entries(forms)) {
        const ask = ['get', 'evaluation', '--project=shop', '--service=carts', '-o', form]
        assert.match((await succeed(cli.run(ask))).stdout, start)
      }
      const events = await succeed(
        cli.run(['get', 'event', 'evaluation.finished', '--project=shop', '-o', 'json']),
      )
      assert.equal(JSON.parse(events.stdout).data.evaluation.result, 'pass')
    },
  )

  await t.test('a verdict is tried with another file, corrected, and pinned', async () => {
    const at = ['--project=shop', '--service=carts']
    writeFileSync(join(cli.home, 'strict.yaml'), SLO.replace('<5', '<0'))
    writeFileSync(join(cli.home, 'broken.yaml'), SLO.replace('<5', '< five'))
    writeFileSync(join(cli.home, 'other.yaml'), SLO.replace('error_rate', 'unheard_of'))
    const ask = (file: string, ...more: string[]) =>
      cli.run(['what-if', ...at, `--slo=${file}`, ...more])
    const same = await succeed(ask('slo.yaml'))
    assert.match(same.stdout, /^The verdict stays pass \(100\)\. Nothing is stored\.\n\nWhat if: /)
    const strict = await ask('strict.yaml')
    assert.equal(strict.code, 1)
    assert.match(
      strict.stdout,
      /^The verdict is fail \(0\) instead of pass \(100\)\. .*\n {2}Error rate /,
    )
    for (const [output, form] of [
      ['json', /"sentence": "The verdict is fail/],
      ['html', /this verdict is stored nowhere/],
    ] as const) {
      const { code, stdout } = await ask('strict.yaml', '-o', output, '--baseline=now')
      assert.equal(code, 1)
      assert.match(stdout, form)
    }
    const broken = await ask('broken.yaml')
    assert.deepEqual([broken.code, broken.stdout], [2, ''])
    assert.match(broken.stderr, /^broken\.yaml:5:24: criterion "< five": /m)
    const other = await ask('other.yaml')
    assert.equal(other.code, 3, other.stdout)
    assert.match(other.stdout, /unheard_of was not measured then/)

    await succeed(cli.run(['pin', 'evaluation', ...at, '--reason=a good day', '--as=ann']))
    const taken = ['invalidate', 'evaluation', ...at, '--reason=it was not', '--as=bob']
    await succeed(cli.run(taken))
    const report = await succeed(cli.run(['get', 'evaluation', ...at]))
    assert.equal(report.stderr, 'This evaluation is invalidated by bob: it was not.\n')
    const references = await succeed(cli.run(['get', 'references', '--project=shop']))
    assert.match(
      references.stdout,
      / ann {2}a good day .* invalidated by bob \(token .*\): it was not/,
    )
    await succeed(cli.run([...taken, '--undo']))
    const list = await succeed(cli.run(['get', 'evaluations', '--project=shop']))
    assert.match(list.stdout, / pinned by ann: a good day$/m)
    await succeed(cli.run(['pin', 'evaluation', ...at, '--reason=enough', '--undo']))
  })

  await t.test(
    'what failed is taken up in the same context, and its failure counts no more',
    async () => {
      service.status = 500
      const failed = await cli.run(
        trigger('verify', '--wait', '--timeout=60s', '-o', 'json', '--quiet'),
      )
      const context = String(JSON.parse(failed.stdout).keptnContext)
      service.status = 200
      const again = await succeed(cli.run(['rerun', context, '--wait', '--timeout=60s']))
      assert.match(again.stderr, /^Took up verify in dev: /m)
      assert.match(again.stdout, /^pass: /m)
      const shown = await succeed(cli.run(['rerun', context, '--from=evaluation', '--wait']))
      assert.match(shown.stdout, /^pass: /m)
      const told = await succeed(cli.run(['why', context]))
      assert.match(told.stdout, /^ {2}= test +done before, in the run that was taken up$/m)
      const nothing = await cli.run(['rerun', context])
      assert.equal(nothing.code, 2)
      assert.match(nothing.stderr, /nothing of this context failed; name a task with --from/)
      const wrong = await cli.run(['rerun', context, '--from=tset'])
      assert.deepEqual([wrong.code, /the sequence has no task tset/.test(wrong.stderr)], [2, true])
    },
  )

  await t.test(
    'a freeze holds a task, says until when, and is overridden with a reason',
    async () => {
      const freeze =
        'freezes: [{name: audit, from: 2020-01-01T00:00:00Z, to: 2999-01-01T00:00:00Z, tasks: [scan]}]\n'
      writeFileSync(join(cli.home, 'frozen.yaml'), PROJECT + freeze)
      const add = ['add-resource', '--project=shop', '--resourceUri=tiphys/project.yaml']
      await succeed(cli.run([...add, '--resource=frozen.yaml']))
      const { stdout } = await succeed(cli.run(trigger('remote', '-o', 'json')))
      const context = String(JSON.parse(stdout).keptnContext)
      const why = await succeed(cli.run(['why', context]))
      assert.match(why.stdout, /^dev remote: scan waits for the end of the freeze audit$/m)
      const silent = await cli.run(['override', 'freeze', context])
      assert.deepEqual([silent.code, /--reason/.test(silent.stderr)], [2, true])
      await succeed(cli.run(['override', 'freeze', context, '--reason=the auditors asked for it']))
      const after = await succeed(cli.run(['why', context, '-o', 'json']))
      const { runs, waiting } = JSON.parse(after.stdout)
      assert.equal(runs[0].freezeOverride.reason, 'the auditors asked for it')
      assert.deepEqual(
        waiting.map((one: { code: string }) => one.code),
        ['nobody'],
      )
      await succeed(cli.run(['abort', 'sequence', `--keptn-context=${context}`, '--project=shop']))
      await succeed(cli.run([...add, '--resource=project.yaml']))
    },
  )

  await t.test(
    'an approval is given and declined, with the person and the reason on record',
    async () => {
      for (const [flags, code, message] of [
        [[], 0, /approved by ada .*: fine/],
        [['--decline'], 1, /declined by ada .*: fine/],
      ] as const) {
        const waiting = cli.start(trigger('gated', '--wait', '--timeout=60s'))
        await waiting.printed('waits for an approval')
        const open = await succeed(
          cli.run(['get', 'event', 'approval.triggered', '--project=shop', '-o', 'json']),
        )
        const { id, shkeptncontext } = JSON.parse(open.stdout)
        const why = await succeed(cli.run(['why', shkeptncontext]))
        assert.match(why.stdout, new RegExp(`ends by: tiphys approve ${shkeptncontext}`))
        await succeed(cli.run(['approve', id, ...flags, '--as=ada', '--comment=fine']))
        const ended = await waiting.ended
        assert.equal(ended.code, code, ended.stderr)
        assert.match(ended.stderr, message)
      }
    },
  )

  await t.test('a task that nobody answers is explained, and the sequence aborted', async () => {
    const { stdout } = await succeed(cli.run(trigger('remote')))
    const context = stdout.trim()
    const why = await succeed(cli.run(['why', context]))
    assert.match(why.stdout, /nobody is configured or subscribed for scan/)
    const control = ['--project=shop', '--keptn-context', context]
    await succeed(cli.run(['pause', 'sequence', ...control]))
    assert.match((await cli.run(['why', context])).stdout, /paused by/)
    await succeed(cli.run(['resume', 'sequence', ...control]))
    await succeed(cli.run(['abort', 'sequence', ...control]))
    const list = await succeed(cli.run(['get', 'sequences', '-p', 'shop', '-o', 'json']))
    assert.equal(JSON.parse(list.stdout).states[0].state, 'aborted')
  })

  await t.test(
    'a crash of the server in the middle: the wait goes on, and so does the sequence',
    async () => {
      const waiting = cli.start(trigger('remote', '--wait', '--timeout=60s'))
      const [, context = ''] =
        /Triggered remote in dev: (\S+)/.exec(await waiting.printed('scan triggered')) ?? []
      await crashAndRestart()
      const open = await succeed(
        cli.run(['get', 'event', 'scan.triggered', '--keptn-context', context, '-o', 'json']),
      )
      const { id } = JSON.parse(open.stdout)
      for (const action of ['started', 'finished']) {
        const event = {
          type: `sh.keptn.event.scan.${action}`,
          source: 'scanner',
          triggeredid: id,
          shkeptncontext: context,
          data: {
            project: 'shop',
            stage: 'dev',
            service: 'carts',
            status: 'succeeded',
            result: 'warning',
            message: '2 findings',
          },
        }
        await succeed(cli.run(['send', 'event', '-f', '-'], { stdin: JSON.stringify(event) }))
      }
      const { code, stdout } = await waiting.ended
      assert.deepEqual([code, stdout.split('\n')[0]], [0, 'warning: dev remote scan: 2 findings'])
    },
  )

  await t.test('what the server refuses is its own sentence and exit code 2', async () => {
    const cases: [string[], RegExp][] = [
      [
        ['create', 'project', 'shop', '--shipyard=shipyard.yaml'],
        /^tiphys: .*shop.*already exists/,
      ],
      [['create', 'service', 'carts', '--project=shop'], /^tiphys: .*carts.*already exists/],
      [['create', 'service', 'carts', '--project=nope'], /^tiphys: Project not found/],
      [['get', 'project', 'nope'], /^tiphys: Project not found/],
      [
        ['why', '6c19f9c2-0d4f-4b1c-9d57-7a7f0d6e8b11'],
        /^tiphys: there is no run with the context/,
      ],
      [['status', '--api-token=wrong'], /^tiphys: the server does not know this token/],
      [
        ['add-resource', '--project=shop', '--resource=slo.yaml', '--resourceUri=../x'],
        /must not contain ~ or \.\./,
      ],
    ]
    for (const [args, message] of cases) {
      const { code, stdout, stderr } = await cli.run(args)
      assert.match(stderr, message)
      assert.deepEqual([code, stdout], [2, ''], args.join(' '))
    }
  })

  await t.test(
    'a narrow token from notifications-config may trigger and nothing else',
    async () => {
      const config = await succeed(
        cli.run(['argocd', 'notifications-config', '--mint-token=argocd', '--project', 'shop']),
      )
      const token = /tiphys-token: (\S+)/.exec(config.stdout)?.[1] ?? ''
      const env = { TIPHYS_API_TOKEN: token }
      const status = await succeed(cli.run(['status'], { env }))
      assert.match(status.stdout, /Logged in with the token argocd: trigger for shop\./)
      await succeed(cli.run(trigger('remote'), { env }))
      const forbidden = await cli.run(['delete', 'project', 'shop'], { env })
      assert.equal(forbidden.code, 2)
      assert.match(forbidden.stderr, /token argocd lacks the scope configure/)
    },
  )
})

test('doctor --rebuild folds the lists again, only while the server is stopped', async (t) => {
  const { cli, stop } = await createShop(t)
  const { stdout } = await succeed(cli.run(trigger('remote')))
  const rebuild = ['doctor', '--rebuild', '--data-dir=data']
  const running = await cli.run(rebuild)
  assert.notEqual(running.code, 0)
  assert.match(running.stderr, /^tiphys: .*data.*\n$/)
  await stop()
  const stopped = await succeed(cli.run(rebuild))
  assert.match(stopped.stderr, /^All lists in data were folded from the log again\.$/m)
  const none = await cli.run(['doctor', '--rebuild', '--data-dir=none'])
  assert.notEqual(none.code, 0)
  assert.match(none.stderr, /^tiphys: .*none/)
  assert.ok(stdout)
})

test('serve: the port that is taken, the data that is in use, the orderly end', async (t) => {
  const { cli, url, stop } = await startRealServer(t)
  const doctor = await succeed(cli.run(['doctor', '--data-dir=data']))
  assert.match(doctor.stdout, /^✔ token: .*: admin for every project \(server /m)
  const taken = await cli.run(['serve', `--port=${new URL(url).port}`, '--data-dir=other'])
  assert.equal(taken.code, 2)
  assert.match(
    taken.stderr,
    /^tiphys: port \d+ of 127\.0\.0\.1 is taken; choose another with --port$/m,
  )
  const inUse = await cli.run(['serve', '--port=0', '--data-dir=data'])
  assert.notEqual(inUse.code, 0)
  assert.match(inUse.stderr, /^tiphys: .*data/m)
  const wrong = await cli.run(['serve', '--host=0.0.0.0', '--port=0', '--data-dir=other'])
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /^tiphys: --host 0\.0\.0\.0 can be reached from elsewhere/)
  assert.equal(await stop(), 0)
})

test('serve shows a token that it made up once, with the command that uses it', async (t) => {
  const { cli } = await startRealServer(t)
  const start = () =>
    cli.start(['serve', '--port=0', '--data-dir=fresh'], { env: { TIPHYS_API_TOKEN: '' } })
  const first = start()
  t.after(() => first.process.kill('SIGKILL'))
  const text = await first.printed('Lost it?')
  const [, endpoint = '', token = ''] = /auth --endpoint (\S+) --api-token (\S+)/.exec(text) ?? []
  await succeed(
    cli.run(['auth', '--endpoint', endpoint, '--api-token', token], {
      env: { TIPHYS_API_TOKEN: '' },
    }),
  )
  first.process.kill('SIGTERM')
  await first.ended
  const second = start()
  t.after(() => second.process.kill('SIGKILL'))
  assert.doesNotMatch(await second.printed('is ready at '), /API token/)
  second.process.kill('SIGTERM')
  assert.equal((await second.ended).code, 0)
})
