import { z } from 'zod'

/** Files of test tools that become `data.test.results` (docs/tests.md, "Result files"). */
export const RESULT_FORMATS = ['junit', 'k6', 'jmeter', 'playwright', 'tiphys'] as const

export const ResultFormat = z.enum(RESULT_FORMATS)
export type ResultFormat = z.infer<typeof ResultFormat>
