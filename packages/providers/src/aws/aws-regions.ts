/** Parts of AWS that are worlds of their own, by how their regions begin (botocore's partitions.json); the rest is the public one. */
const PARTITIONS = [
  { prefix: 'cn-', suffix: 'amazonaws.com.cn', console: 'console.amazonaws.cn' },
  { prefix: 'us-gov-', suffix: 'amazonaws.com', console: 'console.amazonaws-us-gov.com' },
  { prefix: 'eusc-', suffix: 'amazonaws.eu', console: 'console.amazonaws-eusc.eu' },
  { prefix: 'us-iso-', suffix: 'c2s.ic.gov', console: undefined },
  { prefix: 'us-isob-', suffix: 'sc2s.sgov.gov', console: undefined },
  { prefix: 'us-isof-', suffix: 'csp.hci.ic.gov', console: undefined },
  { prefix: 'eu-isoe-', suffix: 'cloud.adc-e.uk', console: undefined },
] as const

const PUBLIC = { suffix: 'amazonaws.com', console: 'console.aws.amazon.com' } as const

function partitionOf(region: string) {
  return PARTITIONS.find(({ prefix }) => region.startsWith(prefix)) ?? PUBLIC
}

/** `https://monitoring.eu-central-1.amazonaws.com`. */
export function awsEndpoint(service: string, region: string): string {
  return `https://${service}.${region}.${partitionOf(region).suffix}`
}

/** `eu-central-1.console.aws.amazon.com`; undefined where the console is not reached over the internet. */
export function awsConsoleHost(region: string): string | undefined {
  const { console } = partitionOf(region)
  return console === undefined ? undefined : `${region}.${console}`
}
