import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import type { SettingFlags } from '../../../src/cmd/kubectl-vip/setting-flags.ts';
import { type Deployment, settingsFrom } from '../../../src/cmd/kubectl-vip/settings.ts';

const noFlags: SettingFlags = {
  deployment: undefined,
  configMap: undefined,
  class: undefined,
  controller: undefined,
};

function deployment(
  name: string,
  {
    namespace = 'kube-system',
    args = [] as string[],
    env = {} as Record<string, string | object>,
    image = 'x/kube-vip-cloud-provider:v1',
  } = {},
): Deployment {
  return {
    metadata: { namespace, name },
    spec: {
      template: {
        spec: {
          containers: [
            { image: 'sidecar' },
            {
              image,
              args,
              env: Object.entries(env).map(([variable, value]) =>
                typeof value === 'string' ? { name: variable, value } : { name: variable, valueFrom: value },
              ),
            },
          ],
        },
      },
    },
  };
}

const defaults = {
  class: undefined,
  configMap: { namespace: 'kube-system', name: 'kubevip' },
  controller: 'kube-vip-cloud-controller',
  claims: false,
};

test('envFrom is reported in a remark', () => {
  const one = deployment('kube-vip-cloud-provider');
  const [, container] = one.spec?.template?.spec?.containers ?? [];
  assert.deepEqual(settingsFrom([one], noFlags).remarks, []);
  Object.assign(container ?? {}, { envFrom: [{ configMapRef: { name: 'x' } }] });
  assert.match(settingsFrom([one], noFlags).remarks.join(), /environment variables with envFrom/);
});

test('without a Deployment the defaults apply, and origin says so', () => {
  for (const none of [undefined, [], [deployment('other', { image: 'nginx' })]]) {
    const { options, origin } = settingsFrom(none, noFlags);
    assert.deepEqual(options, defaults);
    assert.equal(
      origin,
      'Settings from defaults: ConfigMap kube-system/kubevip, Services without a class, controller kube-vip-cloud-controller.',
    );
  }
});

test('the environment and arguments of the Deployment are read as the controller reads them', () => {
  const found = deployment('kvcp', {
    namespace: 'network',
    env: {
      KUBEVIP_NAMESPACE: 'network',
      KUBEVIP_CONFIG_MAP: 'own',
      KUBEVIP_ENABLE_LOADBALANCERCLASS: 'true',
      KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME: 'example.com/own',
    },
    args: ['--leader-elect-resource-name=mine', '--leader-elect-resource-namespace', 'leases', '--claims'],
  });
  const { options, origin, leaseNamespace, remarks } = settingsFrom([found], noFlags);
  assert.deepEqual(options, {
    class: 'example.com/own',
    configMap: { namespace: 'network', name: 'own' },
    controller: 'mine',
    claims: true,
  });
  assert.equal(leaseNamespace, 'leases');
  assert.match(origin, /^Settings from Deployment network\/kvcp: .*, Services of class example\.com\/own,/);
  assert.deepEqual(remarks, []);
});

test('the manifest of this repository is recognized', () => {
  const text = readFileSync(
    new URL('../../../manifest/kube-vip-cloud-controller.yaml', import.meta.url),
    'utf8',
  );
  const objects = parseAllDocuments(text).map((document) => document.toJS() as Deployment & { kind: string });
  const { options, origin, remarks } = settingsFrom(
    objects.filter(({ kind }) => kind === 'Deployment'),
    noFlags,
  );
  assert.deepEqual(options, defaults);
  assert.match(origin, /^Settings from Deployment kube-system\/kube-vip-cloud-provider: /);
  assert.deepEqual(remarks, []);
});

test('flags override the Deployment, and origin says so', () => {
  const { options, origin } = settingsFrom(
    [deployment('kvcp', { env: { KUBEVIP_ENABLE_LOADBALANCERCLASS: 'true' } })],
    { ...noFlags, class: '', configMap: { namespace: 'a', name: 'b' } },
  );
  assert.deepEqual(options, { ...defaults, configMap: { namespace: 'a', name: 'b' } });
  assert.match(origin, /^Settings from flags and Deployment kube-system\/kvcp: /);
});

test('of several controllers, the default one is used with a remark, or the one that is named', () => {
  const both = [
    deployment('inside', { args: ['--leader-elect-resource-name=inside'] }),
    deployment('kube-vip-cloud-provider'),
  ];
  const first = settingsFrom(both, noFlags);
  assert.equal(first.options.controller, 'kube-vip-cloud-controller');
  assert.match(first.remarks.join(), /^Several controllers .*--deployment NAMESPACE\/NAME/);
  const named = settingsFrom(both, { ...noFlags, deployment: { namespace: 'kube-system', name: 'inside' } });
  assert.equal(named.options.controller, 'inside');
  assert.deepEqual(named.remarks, []);
  const absent = settingsFrom(both, { ...noFlags, deployment: { namespace: 'kube-system', name: 'gone' } });
  assert.match(absent.remarks.join(), /^Deployment kube-system\/gone does not exist/);
});

test('remarks report what is not in the Deployment and what cannot be read', () => {
  const found = deployment('kvcp', {
    env: { KUBEVIP_CONFIG_MAP: { fieldRef: {} }, KUBEVIP_ENABLE_LOADBALANCERCLASS: 'maybe' },
    args: ['--nonsense'],
  });
  const { remarks } = settingsFrom([found], noFlags);
  assert.equal(remarks.length, 3);
  assert.match(
    remarks.join('\n'),
    /KUBEVIP_CONFIG_MAP with valueFrom[\s\S]*Unknown flag "--nonsense"[\s\S]*true or false/,
  );
});
