import type { ExplainedObjective, Explanation } from './explanation.ts'

/**
 * The verdict as JUnit XML, for what shows tests and knows no gates (GitLab's merge requests, Jenkins): a test for each objective and one
 * for the whole. An objective that was not measured is an error, one that is reported only is skipped, a warning passes and says so.
 */
export function renderJunit(explanation: Explanation): string {
  const { verdict, sentence, objectives, subject } = explanation
  const place = [subject.project, subject.stage, subject.service].filter((part) => part !== null)
  const suite = place.join('/') || 'quality gate'
  const whole = testCase(suite, 'verdict', wholeBody(verdict, sentence))
  const cases = objectives.map((one) => testCase(suite, one.name, objectiveBody(one)))
  const all = [whole, ...cases]
  const count = (element: string) => all.filter((one) => one.includes(`<${element} `)).length
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
<testsuite name="${escapeXml(suite)}" tests="${all.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}">
${all.join('\n')}
</testsuite>
</testsuites>
`
}

function testCase(suite: string, name: string, body: string): string {
  const head = `<testcase classname="${escapeXml(suite)}" name="${escapeXml(name)}"`
  return body === '' ? `${head}/>` : `${head}>${body}</testcase>`
}

function wholeBody(verdict: Explanation['verdict'], sentence: string): string {
  if (verdict === 'fail') return element('failure', sentence)
  if (verdict === 'none') return element('error', sentence)
  return `<system-out>${escapeXml(sentence)}</system-out>`
}

function objectiveBody({ status, measurement, reason }: ExplainedObjective): string {
  if (status === 'info') return element('skipped', reason)
  if (measurement.kind !== 'measured') return element('error', reason)
  if (status === 'fail') return element('failure', reason)
  return `<system-out>${escapeXml(`${status}: ${reason}`)}</system-out>`
}

function element(name: string, message: string): string {
  return `<${name} message="${escapeXml(message)}"/>`
}

const NAMES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** XML 1.0 has no place for control characters, whatever stands for them, nor for half of a pair. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\p{Cc}￾￿]/gu, ' ')
    .replaceAll(/[&<>"']/g, (character) => NAMES[character] ?? '')
}
