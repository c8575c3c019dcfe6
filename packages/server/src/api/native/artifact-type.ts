/** Types that no browser runs anything of. What is not here (HTML, SVG, scripts) is bytes. */
const TYPES: Readonly<Record<string, string>> = {
  log: 'text/plain; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  md: 'text/plain; charset=utf-8',
  csv: 'text/plain; charset=utf-8',
  jtl: 'text/plain; charset=utf-8',
  xml: 'text/plain; charset=utf-8',
  json: 'application/json',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  webm: 'video/webm',
  mp4: 'video/mp4',
  zip: 'application/zip',
  gz: 'application/gzip',
}

/** By the end of the name only: what is in a file is not looked at, and not believed. */
export function artifactType(name: string): string {
  const end = /\.([A-Za-z0-9]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
  return Object.hasOwn(TYPES, end) ? (TYPES[end] ?? BYTES) : BYTES
}

const BYTES = 'application/octet-stream'
