import assert from 'node:assert/strict'
import { test } from 'node:test'
import { awsConsoleHost, awsEndpoint } from './aws-regions.ts'

test('a region has the addresses of its part of AWS', () => {
  for (const [region, endpoint, console] of [
    ['eu-central-1', 'monitoring.eu-central-1.amazonaws.com', 'console.aws.amazon.com'],
    ['cn-north-1', 'monitoring.cn-north-1.amazonaws.com.cn', 'console.amazonaws.cn'],
    ['us-gov-west-1', 'monitoring.us-gov-west-1.amazonaws.com', 'console.amazonaws-us-gov.com'],
    ['us-iso-east-1', 'monitoring.us-iso-east-1.c2s.ic.gov', undefined],
    ['us-isob-east-1', 'monitoring.us-isob-east-1.sc2s.sgov.gov', undefined],
  ] as const) {
    assert.equal(awsEndpoint('monitoring', region), `https://${endpoint}`)
    const host = console === undefined ? undefined : `${region}.${console}`
    assert.equal(awsConsoleHost(region), host)
  }
})
