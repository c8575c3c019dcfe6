/** Whose names a template is filled with. */
export type Scope = { readonly project: string; readonly stage: string; readonly service: string }

const PLACEHOLDER = /\{\{\s*(project|stage|service)\s*\}\}/g
const CONTROL_CHARACTER = /\p{Cc}/u
const KUBERNETES_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/

/** Why a text is no template of ours; undefined when it is one. */
export function templateFault(text: string): string | undefined {
  if (CONTROL_CHARACTER.test(text)) return 'has a control character in it'
  const rest = text.replaceAll(PLACEHOLDER, '')
  if (!rest.includes('{{') && !rest.includes('}}')) return undefined
  return 'only {{project}}, {{stage}} and {{service}} are replaced'
}

/** Replaces the placeholders, once: a name with braces in it is not looked at again. */
export function fillTemplate(template: string, scope: Scope): string {
  return template.replaceAll(PLACEHOLDER, (_, name: keyof Scope) => scope[name])
}

/** A filled template to check the rest of a text with, before any run exists. */
export function withSampleNames(template: string): string {
  return fillTemplate(template, { project: 'x', stage: 'x', service: 'x' })
}

/** What Kubernetes, and so Argo CD, calls applications, projects and namespaces. */
export function isKubernetesName(name: string): boolean {
  return KUBERNETES_NAME.test(name)
}

/** What `git check-ref-format --branch` takes, without the rarities. */
export function isBranchName(name: string): boolean {
  if (!/^[A-Za-z0-9_][A-Za-z0-9._/+@#-]{0,243}$/.test(name)) return false
  if (/\.\.|\/\/|@\{|\/\.|\.\/|[./]$/.test(name)) return false
  return !name.split('/').some((part) => part.endsWith('.lock'))
}
