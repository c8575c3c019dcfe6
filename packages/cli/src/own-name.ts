/** How a person calls us again: in a checkout through npx, installed by name. */
export function ownName(): string {
  return import.meta.url.endsWith('.ts') ? 'npx tiphys' : 'tiphys'
}
