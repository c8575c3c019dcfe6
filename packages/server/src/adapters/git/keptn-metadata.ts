import { stringify } from 'yaml'

/** The metadata.yaml files that Keptn keeps beside resources; its tools read them. */
export function projectMetadata(metadata: {
  readonly name: string
  readonly createdMs: number
}): Uint8Array {
  const text = stringify({
    projectName: metadata.name,
    creationTimestamp: new Date(metadata.createdMs).toISOString(),
    isUsingDirectoryStructure: true,
  })
  return new TextEncoder().encode(text)
}

export function serviceMetadata(service: string, createdMs: number): Uint8Array {
  const text = stringify({
    servicename: service,
    creationtimestamp: new Date(createdMs).toISOString(),
  })
  return new TextEncoder().encode(text)
}
