import { type Address, type Family, formatAddress } from '../../src/core/ip/address.ts';
import { formatRecord } from '../../src/core/model/allocation-record.ts';
import type { Service } from '../../src/core/model/objects.ts';
import { internedViewOf, type ServiceView } from '../../src/core/model/service-view.ts';
import { annotations, implementation, labels } from '../../src/core/model/well-known-names.ts';
import { Interner } from '../../src/core/text/interner.ts';

export const controller = 'kube-vip-cloud-controller';

/** As the controller has one for all that it reads. */
const shared = new Interner();

/**
 * A Service as it comes from the API server: parsed from its JSON, so that what its texts cost in memory is what they
 * cost the controller. With an address it is a served one, and without one it waits.
 */
export function serviceView(
  index: number,
  version: number,
  family: Family,
  address?: Address,
  namespaces = 100,
): ServiceView {
  const uid = `00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`;
  const text = address === undefined ? undefined : formatAddress(address);
  const record = {
    source: 'cidr-global',
    addresses: text ?? '',
    ports: 'TCP/80',
    families: `SingleStack ${family}`,
    interface: undefined,
    uid,
    controller,
  };
  const served =
    text === undefined
      ? {}
      : {
          labels: { [labels.implementation]: implementation },
          annotations: {
            [annotations.addresses]: text,
            [annotations.allocationRecord]: formatRecord(record),
          },
        };
  const service = {
    metadata: {
      name: `service-${index}`,
      namespace: `namespace-${index % namespaces}`,
      uid,
      resourceVersion: String(version),
      // One a second, so that age orders them as their index does.
      creationTimestamp: `${new Date(1_700_000_000_000 + index * 1_000).toISOString().slice(0, 19)}Z`,
      ...served,
    },
    spec: {
      type: 'LoadBalancer',
      ipFamilyPolicy: 'SingleStack',
      ipFamilies: [family],
      ports: [{ protocol: 'TCP', port: 80, targetPort: 8080 }],
      externalTrafficPolicy: 'Cluster',
      ...(text === undefined ? {} : { loadBalancerIP: text }),
    },
    status: { loadBalancer: text === undefined ? {} : { ingress: [{ ip: text, ipMode: 'VIP' }] } },
  };
  return internedViewOf(JSON.parse(JSON.stringify(service)) as Service, shared);
}
