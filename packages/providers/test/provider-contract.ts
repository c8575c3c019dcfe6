import assert from 'node:assert/strict'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { describe, it } from 'node:test'
import type { SliProblemCode, SliValue } from '@tiphys/core/evaluation/sli-value.ts'
import type { SliQuery } from '@tiphys/core/slo/sli.ts'
import { createGuardedHttp } from '../src/http/guarded-http.ts'
import type { ProviderPower } from '../src/sli/http-sli.ts'
import type { SliProvider, SliRequest } from '../src/sli/sli-provider.ts'
import { startServer } from './answering-server.ts'

/** What came in, whole: adapters check it against the provider's published examples. */
export type Seen = {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export type Answer = {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Text as it is, anything else as JSON. */
  readonly body: unknown
}

/** One adapter, with answers as its provider documents them. */
export type ProviderSubject = {
  /** As in messages: `Datadog`. */
  readonly title: string
  readonly create: (
    url: string,
    power: ProviderPower,
    more: {
      readonly timeout?: string
      readonly headers?: Readonly<Record<string, string>>
    },
  ) => SliProvider
  /** In the connection that `create` makes: no report and no message may show them. */
  readonly secrets: readonly string[]
  readonly query: SliQuery
  /** Answers to anything asked before the question itself (a token); undefined: it is the question. */
  readonly before?: (seen: Seen) => Answer | undefined
  /** A good answer, the value in it, and the request checked against the provider's documentation: every header, parameter and byte that counts. */
  readonly good: {
    readonly answer: Answer
    readonly value: number
    readonly request: (seen: Seen) => void
    readonly series?: number
    readonly unit?: string
    readonly link?: RegExp
  }
  /** Further answers, each with what must be said about it. */
  readonly others: Readonly<
    Record<
      string,
      {
        readonly answer: Answer
        readonly problem: SliProblemCode
        readonly message: RegExp
        readonly query?: SliQuery
      }
    >
  >
  /** The answer to a query about nothing. */
  readonly empty: Answer
  /** How the provider refuses a query, and its words for that. */
  readonly refusal: { readonly answer: Answer; readonly words: RegExp }
  /** A query with `{{ labels.hostile }}` inside a text literal, where the language has those. */
  readonly templated?: SliQuery
}

export const REQUEST: SliRequest = {
  indicator: 'rt',
  query: undefined,
  window: { startMs: Date.UTC(2026, 0, 2, 3, 4, 5), endMs: Date.UTC(2026, 0, 2, 3, 9, 5) },
  scope: {
    project: 'shop',
    stage: 'dev',
    service: 'carts',
    deployment: 'primary',
    labels: { hostile: `x'"\`\\) OR 1=1 -- {$}`, build: '7' },
    filters: {},
  },
}

const FAST = { attempts: 3, firstDelayMs: 1, maxDelayMs: 5 }
const HOST = String.raw`127\.0\.0\.1:\d+`

/** What every provider does alike, whatever it speaks: one suite, so that none is forgotten. */
export function describeProvider(subject: ProviderSubject): void {
  describe(`SLI provider ${subject.title}`, () => {
    const ask = async (
      answer: (seen: Seen, response: ServerResponse, count: number) => Answer | undefined,
      more: Partial<SliRequest> & {
        readonly timeout?: string
        readonly headers?: Readonly<Record<string, string>>
      } = {},
    ): Promise<{ value: SliValue; questions: readonly Seen[] }> => {
      const { timeout, headers, ...request } = more
      let asked = 0
      await using server = await startServer((seen, response) => {
        const first = subject.before?.(seen)
        return first ?? answer(seen, response, ++asked)
      })
      const power = { http: createGuardedHttp(), retry: FAST }
      const options = { ...(timeout && { timeout }), ...(headers && { headers }) }
      const provider = subject.create(server.url, power, options)
      const value = await provider.fetchValue({ ...REQUEST, query: subject.query, ...request })
      for (const secret of subject.secrets) {
        assert.ok(
          !JSON.stringify(value).includes(secret),
          `a secret shows: ${JSON.stringify(value)}`,
        )
      }
      const questions = server.seen.filter((seen) => subject.before?.(seen) === undefined)
      return { value, questions }
    }
    const refused = (value: SliValue, problem: SliProblemCode, message: RegExp) => {
      assert.deepEqual(
        [value.metric, value.success, value.value, value.detail.problem],
        ['rt', false, 0, problem],
        value.message,
      )
      assert.match(value.message, message)
      assert.doesNotMatch(value.message, /\n/)
    }

    it('asks as documented, and reads the value', async () => {
      const { good } = subject
      const { value, questions } = await ask(() => good.answer)
      assert.deepEqual([value.message, value.success, value.value], ['', true, good.value])
      const [question, second] = questions
      assert.ok(question !== undefined && second === undefined, 'one question, one request')
      good.request(question)
      assert.ok(value.detail.query, 'the query as sent')
      assert.equal(value.detail.series?.points.length, good.series)
      if (good.unit !== undefined) assert.equal(value.detail.unit, good.unit)
      if (good.link !== undefined) assert.match(value.detail.link ?? '', good.link)
    })

    it('scales, and takes the unit of the file', async () => {
      const query = { ...subject.query, scale: 1000, unit: 'pct' }
      const { value } = await ask(() => subject.good.answer, { query })
      assert.equal(value.detail.unit, 'pct')
      assert.ok(Math.abs(value.value - subject.good.value * 1000) < 1e-6)
    })

    it('says that nothing was measured', async () => {
      const { value } = await ask(() => subject.empty)
      refused(value, 'no-data', /./)
    })

    for (const [name, other] of Object.entries(subject.others)) {
      it(`tells apart: ${name}`, async () => {
        const { value } = await ask(() => other.answer, other.query ? { query: other.query } : {})
        refused(value, other.problem, other.message)
      })
    }

    it('says why a query was refused, and does not repeat it', async () => {
      const { value, questions } = await ask(() => subject.refusal.answer)
      refused(value, 'query-refused', subject.refusal.words)
      assert.equal(questions.length, 1)
    })

    for (const status of [401, 403]) {
      it(`says that credentials were refused (${status}), once`, async () => {
        const { value, questions } = await ask(() => ({ status, body: '' }))
        const words = new RegExp(
          `${subject.title} at ${HOST} refused our credentials \\(${status}\\)`,
        )
        refused(value, 'auth-refused', words)
        assert.equal(questions.length, 1)
      })
    }

    it('asks again after 429 and 503', async () => {
      const { value, questions } = await ask((_seen, _response, count) => {
        if (count === 1) return { status: 429, headers: { 'retry-after': '0.001' }, body: '' }
        return count === 2 ? { status: 503, body: 'busy' } : subject.good.answer
      })
      assert.equal(value.value, subject.good.value)
      assert.equal(questions.length, FAST.attempts)
    })

    it('gives up where it stays too much, or fails', async () => {
      const busy = await ask(() => ({ status: 429, body: '' }))
      refused(busy.value, 'provider-failed', /429/)
      assert.equal(busy.questions.length, FAST.attempts)
      const down = await ask(() => ({ status: 502, body: '<h1>Bad gateway</h1>' }))
      refused(down.value, 'provider-failed', /502.*Bad gateway/)
      assert.equal(down.questions.length, FAST.attempts)
    })

    it('says what came instead of an answer', async () => {
      const page = await ask(() => ({ body: '<!doctype html><title>Log in</title>' }))
      refused(page.value, 'provider-failed', new RegExp(`${HOST} does not answer like .*Log in`))
      const nothing = await ask(() => ({ body: '' }))
      refused(nothing.value, 'provider-failed', /status 200, nothing/)
      const other = await ask(() => ({ body: { unexpected: ['shape'] } }))
      assert.equal(other.value.success, false)
    })

    it('is not led astray by an answer without bottom, or by names that objects have anyway', async () => {
      const depth = 100_000
      for (const body of [
        `${'['.repeat(depth)}${']'.repeat(depth)}`,
        `${'{"error":{"caused_by":'.repeat(depth)}1${'}}'.repeat(depth)}`,
        '{"__proto__":{"data":1},"constructor":[],"hasOwnProperty":null}',
      ]) {
        for (const status of [200, 400]) {
          const { value } = await ask(() => ({ status, body }))
          assert.equal(value.success, false)
        }
      }
    })

    it('takes no more than it can carry', async () => {
      const { value } = await ask(() => ({ body: `"${'x'.repeat(6 * 1024 * 1024)}"` }))
      refused(value, 'unreachable', /sent more than \d+ bytes/)
    })

    it('gives up on a server that never answers, and on one that is not there', async () => {
      const { value } = await ask(() => undefined, { timeout: '50ms' })
      refused(value, 'unreachable', /did not answer within/)
      const closed = await startServer(() => ({ body: '' }))
      await closed[Symbol.asyncDispose]()
      const power = { http: createGuardedHttp(), retry: FAST }
      const provider = subject.create(closed.url, power, {})
      const gone = await provider.fetchValue({ ...REQUEST, query: subject.query })
      assert.match(gone.message, /refused the connection/)
      assert.equal(gone.success, false)
    })

    it('stops when it is told to', async () => {
      const signal = AbortSignal.abort()
      await assert.rejects(ask(() => subject.good.answer, { signal }))
    })

    it('sends the headers of the connection, and nothing secret to whom it is redirected', async () => {
      const { questions } = await ask(() => subject.good.answer, { headers: { 'x-scope': 'team' } })
      assert.equal(questions[0]?.headers['x-scope'], 'team')
      await using thief = await startServer(() => subject.good.answer)
      await ask(() => ({ status: 302, headers: { location: `${thief.url}/` }, body: '' }))
      for (const { headers, body } of thief.seen) {
        for (const secret of subject.secrets) {
          assert.ok(!JSON.stringify([headers, body]).includes(secret), 'a secret went elsewhere')
        }
      }
    })

    it('wants a query', async () => {
      const { value, questions } = await ask(() => subject.good.answer, { query: undefined })
      refused(value, 'unknown-indicator', /sli\.yaml has no query for rt/)
      assert.equal(questions.length, 0)
    })

    it('lets no label change what is asked', async () => {
      const bare = { ...subject.query, query: `${subject.query.query} {{ labels.hostile }}` }
      const outside = await ask(() => subject.good.answer, { query: bare })
      refused(outside.value, 'query-unsafe', /\{\{ labels\.hostile \}\} holds .* not asked/)
      assert.equal(outside.questions.length, 0)
      const { templated } = subject
      if (templated === undefined) return
      const inside = await ask(() => subject.good.answer, { query: templated })
      assert.equal(inside.value.message, '')
      const plain = { ...REQUEST.scope, labels: { hostile: 'plain' } }
      const harmless = await ask(() => subject.good.answer, { query: templated, scope: plain })
      assert.equal(harmless.questions.length, 1)
      assert.ok(harmless.value.detail.query?.includes('plain'))
    })
  })
}
