import { type Address, type Family, formatAddress } from '../../src/core/ip/address.ts';
import { canonicalList } from '../../src/core/model/address-list.ts';
import { formatRecord } from '../../src/core/model/allocation-record.ts';
import type { Service } from '../../src/core/model/objects.ts';
import type { Options } from '../../src/core/model/options.ts';
import { internedViewOf, type ServiceView } from '../../src/core/model/service-view.ts';
import { annotations, implementation, labels } from '../../src/core/model/well-known-names.ts';
import { Interner } from '../../src/core/text/interner.ts';

export const controllerOptions: Options = {
  class: undefined,
  configMap: { namespace: 'kube-system', name: 'kubevip' },
  controller: 'kube-vip-cloud-controller',
  claims: false,
};

/** The controller also has one for everything that it reads. */
const interner = new Interner();

/**
 * A Service as the API server returns it: parsed from JSON, so that its strings need as much memory as in the
 * controller. Without an address it is pending.
 */
export function serviceView(
  index: number,
  version: number,
  family: Family,
  address?: Address,
  namespaces = 100,
): ServiceView {
  const uid = `00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`;
  const metadata = {
    name: `service-${index}`,
    namespace: `namespace-${index % namespaces}`,
    uid,
    resourceVersion: String(version),
    // One per second, so that age orders them by index.
    creationTimestamp: `${new Date(1_700_000_000_000 + index * 1_000).toISOString().slice(0, 19)}Z`,
  };
  const spec = {
    type: 'LoadBalancer',
    ipFamilyPolicy: 'SingleStack',
    ipFamilies: [family],
    ports: [{ protocol: 'TCP', port: 80, targetPort: 8080 }],
    externalTrafficPolicy: 'Cluster',
  };
  if (address === undefined) return parsed({ metadata, spec, status: { loadBalancer: {} } });
  const ip = formatAddress(address);
  const record = {
    source: 'cidr-global',
    addresses: canonicalList([address]),
    ports: 'TCP/80',
    families: `SingleStack ${family}`,
    interface: undefined,
    uid,
    controller: controllerOptions.controller,
  };
  return parsed({
    metadata: {
      ...metadata,
      labels: { [labels.implementation]: implementation },
      annotations: { [annotations.addresses]: ip, [annotations.allocationRecord]: formatRecord(record) },
    },
    spec: { ...spec, loadBalancerIP: ip },
    status: { loadBalancer: { ingress: [{ ip, ipMode: 'VIP' }] } },
  });
}

function parsed(service: object): ServiceView {
  return internedViewOf(JSON.parse(JSON.stringify(service)) as Service, interner);
}
