import { createJmeterCsv } from './jmeter-csv.ts'
import { createJmeterSamples, type JmeterSample } from './jmeter-samples.ts'
import { keyOf, ResultsFault, type ResultsReader, readerOf } from './results-reader.ts'
import { createXmlScan, type XmlElement, type XmlPlace } from './xml-scan.ts'

/** Ten million samples; read in pieces. */
const MAX_CHARACTERS = 2_000_000_000

/**
 * A JTL of JMeter (`jmeter -n -t plan.jmx -l results.jtl`), as CSV with or without a header line, or as XML. Samples inside of a sample (XML only) belong
 * to the one that holds them, as in JMeter's own reports.
 */
export function createJmeterReader(file: string): ResultsReader {
  const samples = createJmeterSamples()
  let count = 0
  let scan: { write(text: string): void; end(): void } | undefined
  let blank = ''

  function onSample(sample: JmeterSample): void {
    count += 1
    samples.add(sample)
  }

  return readerOf(file, MAX_CHARACTERS, {
    take: (text) => {
      if (scan !== undefined) return scan.write(text)
      blank += text
      const first = /\S/.exec(blank)?.[0]
      if (first === undefined) return
      scan = first === '<' ? createJmeterXml(onSample) : createJmeterCsv(onSample)
      scan.write(first === '<' ? blank.trimStart() : blank)
    },
    finish: () => {
      if (scan === undefined) throw new ResultsFault('the file is empty')
      scan.end()
      if (count === 0) throw new ResultsFault('has no samples in it: the test sent nothing')
      return { results: samples.results(), failed: samples.failed() }
    },
  })
}

function createJmeterXml(onSample: (sample: JmeterSample) => void) {
  return createXmlScan({
    open(element, depth, place) {
      if (depth === 0) {
        if (element.name === 'testResults') return
        const found = keyOf(element.name)
        throw new ResultsFault(`is no JTL of JMeter: expected testResults, found ${found}`, place)
      }
      if (depth === 1 && (element.name === 'httpSample' || element.name === 'sample')) {
        onSample(sampleOf(element, place))
      }
    },
    close() {},
  })
}

function sampleOf({ attributes }: XmlElement, place: XmlPlace): JmeterSample {
  const { t = '', ts = '', lb = '', rc = '', s = '' } = attributes
  if (!/^-?\d{1,12}$/.test(t)) throw wrongAttribute('t', 'milliseconds', t, place)
  if (s !== 'true' && s !== 'false') throw wrongAttribute('s', 'true or false', s, place)
  return {
    label: lb,
    startMs: /^\d{1,15}$/.test(ts) ? Number(ts) : undefined,
    elapsedMs: Math.max(0, Number(t)),
    responseCode: rc,
    isSuccess: s === 'true',
  }
}

function wrongAttribute(name: string, expected: string, found: string, place: XmlPlace) {
  const shown = JSON.stringify(found.slice(0, 60))
  return new ResultsFault(`the attribute ${name} is ${shown}: expected ${expected}`, place)
}
