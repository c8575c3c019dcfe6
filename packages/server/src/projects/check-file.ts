import { ARGOCD_YAML_URI, ArgocdYaml } from '@tiphys/contract/argocd-yaml.ts'
import type { Problem } from '@tiphys/contract/problem.ts'
import { PROJECT_YAML_URI } from '@tiphys/contract/project-yaml.ts'
import { lintTestsYaml, TESTS_YAML_URI } from '@tiphys/contract/tests-yaml.ts'
import { parseYaml } from '@tiphys/contract/yaml-file.ts'
import { lintSliFile, lintSloFile } from '@tiphys/providers/evaluation/slo-text.ts'
import { lintShipyardFile, readProjectFile } from '@tiphys/providers/lint-files.ts'
import { SHIPYARD_URI } from './snapshot.ts'

/**
 * What is wrong with a resource, by its name. Errors refuse the write: only our own files and the shipyard have them. What Keptn took, we
 * take: the errors of its other files are warnings here and end the evaluation that meets them. A file we do not know has no problems.
 */
export function checkFile(uri: string, text: string, label: string): readonly Problem[] {
  switch (uri) {
    case SHIPYARD_URI:
      return lintShipyardFile(text, label)
    case PROJECT_YAML_URI:
      return readProjectFile(text, label).problems
    case TESTS_YAML_URI:
      return lintTestsYaml(text, label)
    case ARGOCD_YAML_URI: {
      const parsed = parseYaml(ArgocdYaml, text, label, { unknownKeys: 'error' })
      return parsed.ok ? parsed.warnings : parsed.problems
    }
    case 'slo.yaml':
      return lintSloFile(text, label).map(tolerated)
    default:
      return uri.endsWith('/sli.yaml') ? lintSliFile(text, label).map(tolerated) : []
  }
}

function tolerated(problem: Problem): Problem {
  return { ...problem, severity: 'warning' }
}
