import { type Command, Option } from 'commander'
import { lazy } from '../lazy.ts'
import { contextFlag, labelsFlag, outputFlag, projectFlag, stageFlag } from './flags.ts'
import { withWait } from './trigger-commands.ts'

/** Adds what steps in while sequences run: events by hand, approvals, pause, resume, abort, and the question why it waits. */
export function declareFlowCommands(program: Command): void {
  declareSend(program)
  declareApprove(program)
  declareControl(program)
  declareRerun(program)
  declareOverride(program)
  program
    .command('why <context>')
    .description('say what a sequence waits for, since when, and who can end it')
    .addOption(outputFlag())
    .action(lazy(async () => (await import('../commands/why.ts')).why))
}

function declareSend(program: Command): void {
  const event = program
    .command('send')
    .description('send an event')
    .command('event [type]')
    .description('send a CloudEvent from a file and print its keptn context')
    .option('-f, --file <path>', 'the event as JSON (- is standard input)')
    .addOption(outputFlag())
    .action(lazy(async () => (await import('../commands/send-event.ts')).sendEvent))
  withDecision(event.command('approval.finished'))
    .description('answer an open approval')
    .addOption(projectFlag().makeOptionMandatory())
    .addOption(stageFlag().makeOptionMandatory())
    .option('--service <name>', 'the service')
    .option('--id <id>', 'the id of the approval (where several are open)')
    .addOption(labelsFlag())
    .action(lazy(async () => (await import('../commands/approve.ts')).sendApproval))
}

function declareApprove(program: Command): void {
  withDecision(program.command('approve <context>'))
    .description(
      'approve (or decline) what a sequence asks for; <context> may be the id of the approval too',
    )
    .addOption(projectFlag())
    .addOption(stageFlag())
    .action(lazy(async () => (await import('../commands/approve.ts')).approve))
}

function withDecision(command: Command): Command {
  return command
    .option('--decline', 'decline instead')
    .option('--comment <text>', 'why; kept with the decision')
    .option('--as <name>', 'who decides, beside the name of the token (default: your user name)')
    .addOption(outputFlag())
}

function declareRerun(program: Command): void {
  withWait(program.command('rerun <context>'))
    .description('take up a sequence that is over, in the same context, at the task that failed')
    .addOption(projectFlag())
    .addOption(stageFlag())
    .option('--run <id>', 'the run (where several of the context failed)')
    .option('--from <task>', 'the task to begin with, also of a run that passed')
    .option('--force', 'also when something else was deployed there since')
    .action(lazy(async () => (await import('../commands/rerun.ts')).rerun))
}

function declareOverride(program: Command): void {
  program
    .command('override')
    .description('overrule what holds a sequence')
    .command('freeze <context>')
    .description('let a sequence go on in a freeze; who did it and why is kept')
    .requiredOption('--reason <text>', 'why')
    .addOption(projectFlag())
    .addOption(new Option('-s, --stage <name>', 'only in this stage'))
    .action(lazy(async () => (await import('../commands/override-freeze.ts')).overrideFreeze))
}

function declareControl(program: Command): void {
  const words = [
    ['pause', 'let the task under way finish and trigger no further one', 'pauseSequence'],
    ['resume', 'go on where it was paused', 'resumeSequence'],
    ['abort', 'end it; nothing more is triggered', 'abortSequence'],
  ] as const
  for (const [word, description, run] of words) {
    program
      .command(word)
      .description(`${word} a sequence`)
      .command('sequence')
      .description(description)
      .addOption(contextFlag().makeOptionMandatory())
      .addOption(projectFlag().makeOptionMandatory())
      .addOption(new Option('-s, --stage <name>', 'only in this stage'))
      .action(lazy(async () => (await import('../commands/control.ts'))[run]))
  }
}
