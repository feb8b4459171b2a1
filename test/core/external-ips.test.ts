import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../../src/core/config/config.ts';
import { Allocator } from '../../src/core/decide/allocator.ts';
import { readAddress } from '../../src/core/ip/address.ts';
import { externalIPsOf } from '../../src/core/ledger/external-ips.ts';
import type { Service } from '../../src/core/model/objects.ts';
import { viewOf } from '../../src/core/model/service-view.ts';

const options = {
  class: undefined,
  configMap: { namespace: 'kube-system', name: 'kubevip' },
  controller: 'us',
  claims: false,
};

function service(type: string, resourceVersion: string, externalIPs: string[] = ['10.0.0.1']): Service {
  return {
    metadata: { namespace: 'default', name: 'legacy', uid: 'legacy', resourceVersion },
    spec: { type, externalIPs, ports: [{ port: 80 }], ipFamilies: ['IPv4'] },
  };
}

/** Both watches have reported up to this version; the Service is of type LoadBalancer. */
function balanced(resourceVersion: string): Allocator {
  const allocator = new Allocator(options, () => 0);
  allocator.setConfig(readConfig({ metadata: { name: 'kubevip' }, data: { 'cidr-global': '10.0.0.1' } }));
  allocator.replaceServices([viewOf(service('LoadBalancer', '5'))], resourceVersion);
  allocator.externalIPs.replace([], resourceVersion);
  return allocator;
}

function isInUse({ ledger }: Allocator): boolean {
  const address = readAddress('10.0.0.1') ?? assert.fail();
  return ledger.servicesAt(address).length > 0 || ledger.isExternalIP(address);
}

test('a Service that leaves one watch keeps its external IP in use until the other watch has reported as much', () => {
  const allocator = balanced('100');
  allocator.deleteService('default/legacy', '110');
  assert.equal(isInUse(allocator), true);
  allocator.externalIPs.observed('109');
  assert.equal(isInUse(allocator), true);
  allocator.externalIPs.put(externalIPsOf(service('ClusterIP', '110')));
  allocator.externalIPs.observed('120');
  assert.equal(isInUse(allocator), true);
  allocator.externalIPs.delete('default/legacy', '130');
  allocator.observed('129');
  assert.equal(isInUse(allocator), true);
  allocator.observed('130');
  assert.equal(isInUse(allocator), false);
});

test('a report that is older than the change of the type does not free an external IP', () => {
  const allocator = balanced('100');
  allocator.deleteService('default/legacy', '110');
  // Without field selectors, an edit of a Service that is still a LoadBalancer arrives as a deletion.
  allocator.externalIPs.delete('default/legacy', '105');
  assert.equal(isInUse(allocator), true);
  // Before it was a LoadBalancer, it had another type and no external IP.
  allocator.externalIPs.put(externalIPsOf(service('ClusterIP', '107', [])));
  assert.equal(isInUse(allocator), true);
  allocator.externalIPs.replace([], '110');
  assert.equal(isInUse(allocator), false);
});

test('a listed Service without external IPs frees the address at once', () => {
  const allocator = balanced('100');
  allocator.deleteService('default/legacy', '110');
  allocator.externalIPs.put(externalIPsOf(service('ClusterIP', '110')));
  allocator.externalIPs.replace([externalIPsOf(service('ClusterIP', '140', []))], '150');
  assert.equal(isInUse(allocator), false);
  assert.equal(allocator.externalIPs.size, 0);
});

test('after a restore of etcd, versions from before do not count as reported', () => {
  const allocator = balanced('900');
  allocator.externalIPs.replace([], '450');
  allocator.replaceServices([viewOf(service('LoadBalancer', '440'))], '450');
  allocator.deleteService('default/legacy', '460');
  assert.equal(isInUse(allocator), true, 'the other watch has reported up to 450 only');
  allocator.externalIPs.observed('460');
  assert.equal(isInUse(allocator), false);
});

test('after a restore of etcd, the lists decide which external IPs are in use, not versions from the future', () => {
  const left = balanced('900');
  left.deleteService('default/legacy', '950');
  left.externalIPs.replace([], '450');
  assert.equal(isInUse(left), false);

  const back = balanced('900');
  back.deleteService('default/legacy', '950');
  back.externalIPs.put(externalIPsOf(service('ClusterIP', '950')));
  back.externalIPs.delete('default/legacy', '990');
  back.replaceServices([], '450');
  assert.equal(isInUse(back), false);
});
