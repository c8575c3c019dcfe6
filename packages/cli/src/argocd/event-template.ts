/**
 * The body of a notification as a Go template with Sprig: an event in the form of Keptn's API. Its id is the same for every delivery of
 * the same news (facts/argocd.md 3.2), so that repeats are recognised. Labels and annotations of Keptn's own Argo CD integration
 * are understood too. `@ARGOCD_URL@` and `@SEQUENCE@` are filled in by notifications-config.ts.
 */
export const EVENT_TEMPLATE = `{{- $labels := dig "metadata" "labels" (dict) .app -}}
{{- $annotations := dig "metadata" "annotations" (dict) .app -}}
{{- $operation := dig "status" "operationState" (dict) .app -}}
{{- $phase := dig "phase" "" $operation -}}
{{- $health := dig "status" "health" "status" "Unknown" .app -}}
{{- $revision := dig "syncResult" "revision" "" $operation -}}
{{- $revisions := dig "syncResult" "revisions" (list) $operation -}}
{{- $project := default (get $labels "keptnProject") (get $labels "tiphys.dev/project") -}}
{{- $service := default (get $labels "keptnService") (get $labels "tiphys.dev/service") -}}
{{- $stage := default (get $labels "stage") (get $labels "tiphys.dev/stage") -}}
{{- $sequence := default "@SEQUENCE@" (get $annotations "tiphys.dev/sequence") -}}
{{- $uri := default (get $annotations "externalURI") (get $annotations "tiphys.dev/uri") -}}
{{- $outcome := "deployed" -}}
{{- if has $phase (list "Failed" "Error") }}{{ $outcome = "sync-failed" }}{{ else if eq $health "Degraded" }}{{ $outcome = "degraded" }}{{ end -}}
{
  "specversion": "1.0",
  "id": {{ printf "argocd:%s:%s:%s" .app.metadata.uid (default "none" (get $operation "startedAt")) $outcome | toJson }},
  "source": {{ printf "@ARGOCD_URL@/applications/%s/%s" .app.metadata.namespace .app.metadata.name | toJson }},
  "type": {{ printf "sh.keptn.event.%s.%s.triggered" $stage $sequence | toJson }},
  "time": {{ default (get $operation "startedAt") (get $operation "finishedAt") | toJson }},
  "datacontenttype": "application/json",
  "shkeptnspecversion": "0.2.4",
  {{- range dig "operation" "info" (list) $operation }}{{ if eq .name "shkeptncontext" }}
  "shkeptncontext": {{ .value | toJson }},{{ end }}{{ end }}
  "data": {
    "project": {{ $project | toJson }},
    "service": {{ $service | toJson }},
    "stage": {{ $stage | toJson }},
    "result": {{ eq $outcome "deployed" | ternary "pass" "fail" | toJson }},
    "message": {{ dig "message" "" $operation | toJson }},
    "labels": {
      "argocdApp": {{ printf "%s/%s" .app.metadata.namespace .app.metadata.name | toJson }},
      "argocdOutcome": {{ $outcome | toJson }},
      "revision": {{ default (join "," $revisions) $revision | toJson }},
      "syncStartedAt": {{ dig "startedAt" "" $operation | toJson }},
      "historyId": {{ (default (dict "id" "") (last (dig "status" "history" (list) .app))).id | toString | toJson }}
    },
    "deployment": {
      "deploymentNames": [{{ .app.metadata.name | toJson }}],
      "deploymentURIsPublic": {{ if $uri }}{{ list $uri | toJson }}{{ else }}{{ dig "status" "summary" "externalURLs" (list) .app | toJson }}{{ end }},
      "gitCommit": {{ $revision | toJson }}
    },
    "argocd": {
      "images": {{ dig "status" "summary" "images" (list) .app | toJson }},
      "revisions": {{ $revisions | toJson }},
      "phase": {{ $phase | toJson }},
      "health": {{ $health | toJson }},
      "sync": {{ dig "status" "sync" "status" "Unknown" .app | toJson }},
      "initiatedBy": {{ dig "operation" "initiatedBy" (dict) $operation | toJson }}
    }
  }
}
`
