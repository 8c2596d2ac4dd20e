{{/*
What the controller does with the kinds of a scope: (dict "files" .Files "scope" "Namespaced" "names" LIST). The kinds are
those of files/kinds.yaml, which `make generate` writes; LIST, where it is not empty, limits the rights to these names.
`list` is for `longshore orphans`; the controller itself lists by watching.
*/}}
{{- define "longshore.objectRules" -}}
{{- $kinds := list -}}
{{- $statuses := list -}}
{{- range (.files.Get "files/kinds.yaml" | fromYamlArray) -}}
{{- if eq .scope $.scope -}}
{{- $kinds = append $kinds .plural -}}
{{- $statuses = append $statuses (printf "%s/status" .plural) -}}
{{- end -}}
{{- end -}}
- apiGroups: [ecs.longshore.dev]
  resources: {{ toJson $kinds }}
  {{- with .names }}
  resourceNames: {{ toJson . }}
  {{- end }}
  verbs: [get, list, watch, patch]
- apiGroups: [ecs.longshore.dev]
  resources: {{ toJson $statuses }}
  {{- with .names }}
  resourceNames: {{ toJson . }}
  {{- end }}
  verbs: [patch]
{{- if eq .scope "Namespaced" }}
# One-off tasks go by themselves where spec.ttlSecondsAfterFinished says so.
- apiGroups: [ecs.longshore.dev]
  resources: [ecstasks]
  verbs: [delete]
{{- end }}
{{- end -}}

{{/* Events about objects; about those of no namespace, Kubernetes keeps them in the namespace default. */}}
{{- define "longshore.eventRules" -}}
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

{{/* What external-dns makes records of, for services that ask for it. */}}
{{- define "longshore.externalDnsRules" -}}
- apiGroups: [externaldns.k8s.io]
  resources: [dnsendpoints]
  verbs: [get, create, patch, delete]
{{- end -}}
