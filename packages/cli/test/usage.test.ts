import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { assertGolden } from './golden.ts'
import { createCli } from './run-cli.ts'

test('help as people read it', async (t) => {
  const cli = createCli(t)
  const pages: string[] = []
  for (const words of [
    [],
    ['trigger', 'delivery'],
    ['evaluate'],
    ['serve'],
    ['argocd', 'notifications-config'],
  ]) {
    const { code, stdout, stderr } = await cli.run([...words, '--help'])
    assert.deepEqual([code, stderr], [0, ''])
    pages.push(`$ tiphys ${[...words, '--help'].join(' ')}\n${stdout}`)
  }
  assertGolden('help.txt', pages.join('\n'))
})

test('every command explains itself', async (t) => {
  const cli = createCli(t)
  const { createProgram } = await import('../src/program.ts')
  const words = (command: ReturnType<typeof createProgram>): void => {
    for (const one of command.commands) {
      assert.notEqual(one.description(), '', `${command.name()} ${one.name()}`)
      for (const option of one.options) {
        if (!option.hidden) assert.notEqual(option.description, '', `${one.name()} ${option.flags}`)
      }
      words(one)
    }
  }
  words(createProgram())
  assert.ok(cli.home)
})

test('what is mistyped is told with what was meant, and is exit code 2', async (t) => {
  const cli = createCli(t)
  const cases: [string[], RegExp][] = [
    [['delivr'], /unknown command 'delivr'/],
    [['trigge', 'delivery'], /unknown command 'trigge'\n\(Did you mean trigger\?\)/],
    [['get', 'projecs'], /unknown command 'projecs'\n\(Did you mean one of project, projects\?\)/],
    [
      ['get', 'projects', '--outpt', 'json'],
      /unknown option '--outpt'\n\(Did you mean --output\?\)/,
    ],
    [['get', 'projects', '-o', 'xml'], /'xml' is invalid\. Allowed choices are json, yaml/],
    [
      ['trigger', 'delivery', '--project=a', '--service=b'],
      /required option '--image <image>' not specified/,
    ],
    [
      ['trigger', 'delivery', '--project=a', '--service=b', '--image=c', '--timeout=soon'],
      /It must be a duration like 90s, 10m or 1h30m/,
    ],
    [
      ['trigger', 'delivery', '--project=a', '--service=b', '--image=c', '-l', 'x'],
      /"x" is not key=value/,
    ],
    [['get', 'projects', 'a', 'b'], /too many arguments/],
  ]
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await cli.run(args)
    assert.match(stderr, message)
    assert.deepEqual([code, stdout], [2, ''], args.join(' '))
  }
})

test('without a command the help is shown, and it is wrong use', async (t) => {
  const cli = createCli(t)
  const { code, stderr } = await cli.run([])
  assert.equal(code, 2)
  assert.match(stderr, /^Usage: tiphys /)
})

test('the version', async (t) => {
  const cli = createCli(t)
  const answers = await Promise.all([cli.run(['version']), cli.run(['--version'])])
  for (const { code, stdout } of answers) {
    assert.equal(code, 0)
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
  }
})

test('output that is closed early is no failure', async (t) => {
  const cli = createCli(t)
  const running = cli.start(['trigger', 'delivery', '--help'])
  running.process.stdout?.destroy()
  const { code, stderr } = await running.ended
  assert.deepEqual([code, stderr], [0, ''])
})
