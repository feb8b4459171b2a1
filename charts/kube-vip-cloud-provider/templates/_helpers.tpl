{{/* The name of all objects, including cluster-scoped ones, as in the chart for the Go version, so that an upgrade replaces them in place. */}}
{{- define "kube-vip-cloud-provider.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "kube-vip-cloud-provider.namespace" -}}
{{- .Values.namespaceOverride | default .Release.Namespace }}
{{- end }}

{{/* The namespace of the Lease, for any release namespace: the default of the Go version, so that both use the same Lease. */}}
{{- define "kube-vip-cloud-provider.leaseNamespace" -}}
kube-system
{{- end }}

{{/* A release that was upgraded with --reuse-values lacks the values that are new in this chart. */}}
{{- define "kube-vip-cloud-provider.leaseName" -}}
{{- .Values.leaseName | default "kube-vip-cloud-controller" }}
{{- end }}

{{/*
The ConfigMap with the pools: `kubevip`, as in the manifest. A second release must not share the pools of the first one. The chart for the
Go version called it like the other objects; as long as the running Pods read that one, so do those of the next revision.
*/}}
{{- define "kube-vip-cloud-provider.configMapName" -}}
{{- $name := include "kube-vip-cloud-provider.name" . }}
{{- $isNamed := not (empty .Values.nameOverride) }}
{{- $running := lookup "apps/v1" "Deployment" (include "kube-vip-cloud-provider.namespace" .) $name | default dict }}
{{- range dig "spec" "template" "spec" "containers" list $running }}
{{- range .env }}
{{- if and (eq .name "KUBEVIP_CONFIG_MAP") (eq (.value | default "") $name) }}
{{- $isNamed = true }}
{{- end }}
{{- end }}
{{- end }}
{{- .Values.configMapName | default (ternary $name "kubevip" $isNamed) }}
{{- end }}

{{/* Fails if the cluster is older than the Kubernetes release that a value requires. */}}
{{- define "kube-vip-cloud-provider.require" -}}
{{- $actual := .context.Capabilities.KubeVersion.Version }}
{{- if semverCompare (printf "<%s.0-0" .release) $actual }}
{{- fail (printf "%s requires Kubernetes %s, but the cluster runs %s. Remove the value, or upgrade the cluster." .value .release $actual) }}
{{- end }}
{{- end }}

{{/* The same labels as in the chart for the Go version, because a selector is immutable. */}}
{{- define "kube-vip-cloud-provider.selectorLabels" -}}
app.kubernetes.io/name: {{ include "kube-vip-cloud-provider.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "kube-vip-cloud-provider.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "kube-vip-cloud-provider.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "kube-vip-cloud-provider.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion }}
{{- /* The Go version would fail its probes and lack permissions. */ -}}
{{- if regexMatch "^v?0\\.0\\." $tag }}
{{- fail (printf "image.tag %s is the Go version, which this chart cannot run. Remove image.tag, or set it to %s." $tag .Chart.AppVersion) }}
{{- end }}
{{- printf "%s:%s" .Values.image.repository $tag }}
{{- end }}

{{/* Environment variables: a list as in a Pod, or an object from names to values. */}}
{{- define "kube-vip-cloud-provider.env" -}}
- name: KUBEVIP_NAMESPACE
  value: {{ include "kube-vip-cloud-provider.namespace" . | quote }}
- name: KUBEVIP_CONFIG_MAP
  value: {{ include "kube-vip-cloud-provider.configMapName" . | quote }}
{{- if .Values.enableloadbalancerClass }}
- name: KUBEVIP_ENABLE_LOADBALANCERCLASS
  value: "true"
{{- end }}
{{- with .Values.loadBalancerClassName }}
{{- if not $.Values.enableloadbalancerClass }}
{{- fail (printf "loadBalancerClassName is %s, but enableloadbalancerClass is not true. Set both or neither." .) }}
{{- end }}
- name: KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME
  value: {{ . | quote }}
{{- end }}
{{- if kindIs "map" .Values.extraEnv }}
{{- range $name, $value := .Values.extraEnv }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- else }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{- end }}
