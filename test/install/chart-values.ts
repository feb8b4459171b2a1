/** The effect of each value of the chart, and values that it rejects. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { releaseSettings } from '../../scripts/release/settings.ts';
import { at, type KubernetesObject, root } from './objects.ts';

export interface ValueCase {
  /** The path of the tested value. `with` contains other values that it requires. */
  value: string;
  is: unknown;
  with?: Record<string, unknown>;
  /** The kind of an object, a path in it, and the expected content. */
  shows: [kind: string, path: string, what: unknown];
}

const { image, version } = releaseSettings(root);
const pod = 'spec.template.spec';
const container = `${pod}.containers.0`;
const toleration = { key: 'dedicated', operator: 'Exists', effect: 'NoExecute' };
const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required() } };
const resources = { requests: { cpu: '10m', memory: '80Mi' }, limits: { memory: '256Mi' } };

function required(): object {
  return { nodeSelectorTerms: [{ matchExpressions: [{ key: 'rack', operator: 'In', values: ['a', 'b'] }] }] };
}

export const valueCases: readonly ValueCase[] = [
  { value: 'replicasCount', is: 3, shows: ['Deployment', 'spec.replicas', 3] },
  {
    value: 'image.repository',
    is: 'registry.example.com/kvcp',
    shows: ['Deployment', `${container}.image`, `registry.example.com/kvcp:v${version}`],
  },
  {
    value: 'image.tag',
    is: 'v9.1.1',
    shows: ['Deployment', `${container}.image`, `${image}:v9.1.1`],
  },
  {
    value: 'image.pullPolicy',
    is: 'Always',
    shows: ['Deployment', `${container}.imagePullPolicy`, 'Always'],
  },
  { value: 'nameOverride', is: 'second', shows: ['ClusterRole', 'metadata.name', 'second'] },
  {
    value: 'namespaceOverride',
    is: 'kube-public',
    shows: ['Deployment', 'metadata.namespace', 'kube-public'],
  },
  {
    value: 'cm.data',
    is: { 'cidr-global': '10.0.0.0/24', 'skip-end-ips-in-cidr': false, 'allow-share-global': 'true' },
    shows: [
      'ConfigMap',
      'data',
      { 'cidr-global': '10.0.0.0/24', 'skip-end-ips-in-cidr': 'false', 'allow-share-global': 'true' },
    ],
  },
  { value: 'configMapName', is: 'mine', shows: ['Role', 'rules.0.resourceNames', ['mine']] },
  {
    value: 'resources',
    is: resources,
    shows: ['Deployment', `${container}.resources.limits`, { memory: '256Mi' }],
  },
  {
    value: 'nodeSelector',
    is: { disk: 'ssd' },
    shows: ['Deployment', `${pod}.nodeSelector`, { disk: 'ssd' }],
  },
  { value: 'tolerations', is: [toleration], shows: ['Deployment', `${pod}.tolerations`, [toleration]] },
  {
    value: 'affinity',
    is: affinity,
    shows: [
      'Deployment',
      `${pod}.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution`,
      required(),
    ],
  },
  {
    value: 'priorityClassName',
    is: 'system-cluster-critical',
    shows: ['Deployment', `${pod}.priorityClassName`, 'system-cluster-critical'],
  },
  {
    value: 'extraEnv',
    is: [{ name: 'ZONE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
    shows: ['Deployment', `${container}.env.2.valueFrom.fieldRef.fieldPath`, 'spec.nodeName'],
  },
  {
    value: 'extraEnv',
    is: { LEVEL: 2 },
    shows: ['Deployment', `${container}.env.2`, { name: 'LEVEL', value: '2' }],
  },
  {
    value: 'enableloadbalancerClass',
    is: true,
    shows: ['Deployment', `${container}.env.2`, { name: 'KUBEVIP_ENABLE_LOADBALANCERCLASS', value: 'true' }],
  },
  {
    value: 'loadBalancerClassName',
    is: 'example.com/inside',
    with: { enableloadbalancerClass: true },
    shows: [
      'Deployment',
      `${container}.env.3`,
      { name: 'KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME', value: 'example.com/inside' },
    ],
  },
  { value: 'leaseName', is: 'second', shows: ['Role', 'rules.2.resourceNames', ['second']] },
  {
    value: 'leaseName',
    is: 'second',
    shows: ['Deployment', `${container}.args.0`, '--leader-elect-resource-name=second'],
  },
  {
    value: 'claims',
    is: true,
    shows: [
      'ClusterRole',
      'rules.3',
      {
        apiGroups: ['networking.k8s.io'],
        resources: ['ipaddresses'],
        verbs: ['create', 'get', 'list', 'watch', 'patch', 'delete'],
      },
    ],
  },
  { value: 'claims', is: true, shows: ['Deployment', `${container}.args.2`, '--claims'] },
  { value: 'publishStatus', is: true, shows: ['Role', 'rules.4.resourceNames', ['kubevip-status']] },
  {
    value: 'publishStatus',
    is: true,
    with: { configMapName: 'mine' },
    shows: ['Role', 'rules.4.resourceNames', ['mine-status']],
  },
  { value: 'publishStatus', is: true, shows: ['Deployment', `${container}.args.2`, '--publish-status'] },
  { value: 'extraArgs', is: ['-v=2'], shows: ['Deployment', `${container}.args.2`, '-v=2'] },
  {
    value: 'imagePullSecrets',
    is: [{ name: 'registry' }],
    shows: ['Deployment', `${pod}.imagePullSecrets`, [{ name: 'registry' }]],
  },
  {
    value: 'podAnnotations',
    is: { 'example.com/team': 'network' },
    shows: ['Deployment', 'spec.template.metadata.annotations', { 'example.com/team': 'network' }],
  },
  {
    value: 'podLabels',
    is: { team: 'network' },
    shows: [
      'Deployment',
      'spec.template.metadata.labels',
      {
        'app.kubernetes.io/name': 'kube-vip-cloud-provider',
        'app.kubernetes.io/instance': 'kvcp',
        team: 'network',
      },
    ],
  },
  {
    value: 'extraVolumes',
    is: [{ name: 'ca', configMap: { name: 'ca' } }],
    with: { extraVolumeMounts: [mount()] },
    shows: ['Deployment', `${pod}.volumes.0.configMap.name`, 'ca'],
  },
  {
    value: 'extraVolumeMounts',
    is: [mount()],
    with: { extraVolumes: [{ name: 'ca', emptyDir: {} }] },
    shows: ['Deployment', `${container}.volumeMounts`, [mount()]],
  },
  {
    value: 'topologySpreadConstraints',
    is: [zones()],
    shows: ['Deployment', `${pod}.topologySpreadConstraints`, [zones()]],
  },
  { value: 'podDisruptionBudget.enabled', is: false, shows: ['PodDisruptionBudget', 'kind', undefined] },
  {
    value: 'serviceMonitor.enabled',
    is: true,
    shows: ['ServiceMonitor', 'spec.endpoints.0.path', '/metrics'],
  },
  {
    value: 'serviceMonitor.interval',
    is: '1m30s',
    with: { serviceMonitor: { enabled: true } },
    shows: ['ServiceMonitor', 'spec.endpoints.0.interval', '1m30s'],
  },
  {
    value: 'serviceMonitor.labels',
    is: { release: 'prometheus' },
    with: { serviceMonitor: { enabled: true } },
    shows: ['ServiceMonitor', 'metadata.labels.release', 'prometheus'],
  },
  {
    value: 'prometheusRule.enabled',
    is: true,
    shows: ['PrometheusRule', 'spec', alerts()],
  },
  {
    value: 'prometheusRule.labels',
    is: { release: 'prometheus' },
    with: { prometheusRule: { enabled: true } },
    shows: ['PrometheusRule', 'metadata.labels.release', 'prometheus'],
  },
  {
    value: 'dashboard.enabled',
    is: true,
    shows: ['ConfigMap', 'metadata.labels.grafana_dashboard', '1'],
  },
  {
    value: 'dashboard.namespace',
    is: 'kube-public',
    with: { dashboard: { enabled: true } },
    shows: ['ConfigMap', 'metadata.namespace', 'kube-public'],
  },
  {
    value: 'dashboard.labels',
    is: { team: 'network' },
    with: { dashboard: { enabled: true } },
    shows: ['ConfigMap', 'metadata.labels.team', 'network'],
  },
  {
    value: 'admissionPolicies.install',
    is: ['addresses', 'marks', 'hostnames', 'pools'],
    shows: ['ValidatingAdmissionPolicyBinding', 'spec.paramRef.name', 'kubevip'],
  },
  {
    value: 'admissionPolicies.exemptUsers',
    is: ['system:serviceaccount:network:kube-vip', 'it\'s "me"\\'],
    with: { admissionPolicies: { install: ['marks'] } },
    shows: ['ValidatingAdmissionPolicy', 'spec.matchConditions.0.expression', exemption()],
  },
];

function mount(): object {
  return { name: 'ca', mountPath: '/etc/ca', readOnly: true };
}

function zones(): object {
  return {
    maxSkew: 1,
    topologyKey: 'topology.kubernetes.io/zone',
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: { matchLabels: { 'app.kubernetes.io/instance': 'kvcp' } },
  };
}

function alerts(): unknown {
  return parse(readFileSync(join(root, 'deploy', 'monitoring', 'alerts.yaml'), 'utf8'));
}

/** The first condition of a policy of the chart, with two more users. */
function exemption(): string {
  return `!(request.userInfo.username in [
  'system:serviceaccount:kube-system:kube-vip-cloud-controller',
  'system:serviceaccount:kube-system:kube-vip-cloud-provider',
  'system:serviceaccount:kube-system:kube-vip', "system:serviceaccount:network:kube-vip", "it's \\"me\\"\\\\"]) &&
!request.userInfo.?groups.orValue([]).exists(group, group in ['system:masters', 'kubeadm:cluster-admins'])
`;
}

/** Invalid values, and the error message, which names the value. */
export const invalidValues: readonly [values: object, message: RegExp][] = [
  [{ replicaCount: 2 }, /additional properties 'replicaCount' not allowed/],
  [{ replicasCount: 'two' }, /'\/replicasCount': got string, want integer/],
  [{ replicasCount: -1 }, /'\/replicasCount': minimum/],
  [{ image: { name: 'x' } }, /'\/image': additional properties 'name' not allowed/],
  [{ image: { repository: '' } }, /'\/image\/repository': minLength/],
  [
    { image: { pullPolicy: 'always' } },
    /'\/image\/pullPolicy': value must be one of 'Always', 'IfNotPresent', 'Never'/,
  ],
  [{ image: { tag: 0.2 } }, /'\/image\/tag': got number, want string/],
  [{ image: { tag: 'v0.0.12' } }, /image\.tag v0\.0\.12 is the Go version.* set it to v\d/],
  [{ image: { tag: '0.0.9@sha256:0123' } }, /image\.tag 0\.0\.9@sha256:0123 is the Go version/],
  [{ nameOverride: 7 }, /'\/nameOverride': got number, want string/],
  [{ namespaceOverride: true }, /'\/namespaceOverride': got boolean, want string/],
  [{ cm: { 'cidr-global': '10.0.0.0/24' } }, /'\/cm': additional properties 'cidr-global' not allowed/],
  [{ cm: { data: { 'cidr-global': ['10.0.0.0/24'] } } }, /'\/cm\/data\/cidr-global': got array/],
  [{ configMapName: { name: 'x' } }, /'\/configMapName': got object, want string/],
  [{ resources: '64Mi' }, /'\/resources': got string, want object/],
  [{ nodeSelector: { critical: true } }, /'\/nodeSelector\/critical': got boolean, want string/],
  [{ tolerations: { key: 'x' } }, /'\/tolerations': got object, want array/],
  [{ affinity: [] }, /'\/affinity': got array, want object/],
  [{ priorityClassName: 1000 }, /'\/priorityClassName': got number, want string/],
  [{ imagePullSecrets: ['registry'] }, /'\/imagePullSecrets\/0': got string, want object/],
  [{ podAnnotations: { scrape: true } }, /'\/podAnnotations\/scrape': got boolean, want string/],
  [
    { podLabels: { 'app.kubernetes.io/name': 'x' } },
    /podLabels contains app\.kubernetes\.io\/name, by which/,
  ],
  [{ extraVolumes: [{ emptyDir: {} }] }, /'\/extraVolumes\/0': missing property 'name'/],
  [{ extraVolumeMounts: [{ name: 'ca' }] }, /'\/extraVolumeMounts\/0': missing property 'mountPath'/],
  [{ topologySpreadConstraints: {} }, /'\/topologySpreadConstraints': got object, want array/],
  [{ prometheusRule: { enabled: 'yes' } }, /'\/prometheusRule\/enabled': got string, want boolean/],
  [{ dashboard: { label: 'x' } }, /'\/dashboard': additional properties 'label' not allowed/],
  [{ extraEnv: ['A=B'] }, /'\/extraEnv\/0': got string, want object/],
  [{ extraEnv: [{ value: 'b' }] }, /'\/extraEnv\/0': missing property 'name'/],
  [{ enableloadbalancerClass: 'yes' }, /'\/enableloadbalancerClass': got string, want boolean/],
  [{ enableLoadBalancerClass: true }, /additional properties 'enableLoadBalancerClass' not allowed/],
  [{ loadBalancerClassName: ['a'] }, /'\/loadBalancerClassName': got array, want string/],
  [
    { loadBalancerClassName: 'a/b' },
    /loadBalancerClassName is a\/b, but enableloadbalancerClass is not true/,
  ],
  [{ leaseName: '' }, /'\/leaseName': minLength/],
  [{ claims: 'true' }, /'\/claims': got string, want boolean/],
  [{ extraArgs: '-v=2' }, /'\/extraArgs': got string, want array/],
  [{ extraArgs: ['v=2'] }, /'\/extraArgs\/0': 'v=2' does not match pattern/],
  [
    { podDisruptionBudget: { minAvailable: 1 } },
    /'\/podDisruptionBudget': additional properties 'minAvailable'/,
  ],
  [{ podDisruptionBudget: { enabled: 'no' } }, /'\/podDisruptionBudget\/enabled': got string, want boolean/],
  [{ serviceMonitor: { enabled: 1 } }, /'\/serviceMonitor\/enabled': got number, want boolean/],
  [{ serviceMonitor: { interval: '30' } }, /'\/serviceMonitor\/interval': '30' does not match pattern/],
  [
    { serviceMonitor: { labels: { release: 1 } } },
    /'\/serviceMonitor\/labels\/release': got number, want string/,
  ],
  [
    { admissionPolicies: { install: ['pool'] } },
    /'\/admissionPolicies\/install\/0': value must be one of 'pools',/,
  ],
  [{ admissionPolicies: { install: 'pools' } }, /'\/admissionPolicies\/install': got string, want array/],
  [{ admissionPolicies: { exemptUsers: [''] } }, /'\/admissionPolicies\/exemptUsers\/0': minLength/],
];

/** The values of a case as an object: the tested one merged into those in `with`. */
export function valuesOf({ value, is, with: others = {} }: ValueCase): Record<string, unknown> {
  const [first = '', second] = value.split('.');
  if (second === undefined) return { ...others, [first]: is };
  const beside = (others[first] ?? {}) as object;
  return { ...others, [first]: { ...beside, [second]: is } };
}

/** The content at a path of the object of this kind, or undefined. */
export function shown(objects: readonly KubernetesObject[], kind: string, path: string): unknown {
  return at(
    objects.find((object) => object.kind === kind),
    path,
  );
}
