import { isIP } from 'node:net';
import type { Service } from '../../src/core/model/objects.ts';
import { names } from '../e2e/objects.ts';

/** A Service before the controller started, and when the controller had nothing left to do. */
export interface Pair {
  readonly before: Service;
  readonly after: Service;
  /** The class that both programs handle; undefined in default mode. */
  readonly class: string | undefined;
}

/** A field that the Go version (v0.0.12) reads, and what must hold so that a downgrade changes no address. */
export interface Reading {
  readonly reads: string;
  /** Below pkg/ in kube-vip-cloud-provider v0.0.12; below cloud-provider/ in k8s.io/cloud-provider v0.32.3. */
  readonly source: string;
  readonly does: string;
  readonly holds: string;
  /** Returns what is wrong with a Service, or undefined. */
  readonly fault: (pair: Pair) => string | undefined;
}

/** The controller's annotations, and the two that both programs write. */
const written: readonly string[] = [
  ...[names.addresses, names.interface, names.record, 'kube-vip.io/reallocate'],
  ...['kube-vip.io/serviceVLAN', 'kube-vip.io/leaseName'],
];

/** docs/going-back.md shows the same table. */
export const goReads: readonly Reading[] = [
  {
    reads: '`spec.type`, `spec.loadBalancerClass`',
    source:
      '`cloud-provider/controllers/service/controller.go` `wantsLoadBalancer`; class mode: `pkg/provider/loadbalancerclass.go` `wantsLoadBalancer`',
    does: 'Handles LoadBalancer Services without a class; in class mode, those of its class.',
    holds: 'Every Service with an allocation record is one of those.',
    fault: ({ after, class: className }) => {
      if (recordOf(after) === undefined) return undefined;
      if (after.spec?.type !== 'LoadBalancer') return `an allocation record on a ${after.spec?.type}`;
      return after.spec.loadBalancerClass === className
        ? undefined
        : 'an allocation record on a Service of another class';
    },
  },
  {
    reads: '`metadata.finalizers`, `metadata.deletionTimestamp`',
    source:
      '`cloud-provider/controllers/service/controller.go` and `pkg/provider/loadbalancerclass.go`: `needsCleanup`, `addFinalizer`, `removeFinalizer`',
    does: `Adds \`${names.goFinalizer}\` to each of its Services, and removes it when the Service is deleted; in default mode also when the type changes. It reads no other finalizer.`,
    holds: 'A Service with an address has neither this finalizer nor a new one.',
    fault: ({ before, after }) => {
      const known = before.metadata.finalizers ?? [];
      const added = (after.metadata.finalizers ?? []).find((finalizer) => !known.includes(finalizer));
      if (added !== undefined) return `${added} was added`;
      const isLeft = after.metadata.finalizers?.includes(names.goFinalizer) === true;
      return isLeft && recordOf(after) !== undefined ? 'assigned with its finalizer' : undefined;
    },
  },
  {
    reads: '`spec.loadBalancerIP`',
    source: '`pkg/provider/loadBalancer.go` `checkLegacyLoadBalancerIPAnnotation`',
    does: 'If set, it allocates nothing. If the annotation is missing or empty, it writes this one address to it.',
    holds:
      'A Service with an address never has this field without the annotation. The controller never sets it on a pending Service.',
    fault: ({ before, after }) => {
      if (blank(after.spec?.loadBalancerIP)) return undefined;
      if (recordOf(after) !== undefined)
        return blank(addressesOf(after)) ? 'its annotation would be set from the spec' : undefined;
      const isWritten = after.spec?.loadBalancerIP !== before.spec?.loadBalancerIP;
      return isWritten ? 'an address in the spec of a Service without an assignment' : undefined;
    },
  },
  {
    reads: `annotation \`${names.addresses}\``,
    source: '`pkg/provider/loadBalancer.go` `syncLoadBalancer`',
    does: 'If not empty, it allocates nothing, and adds the label if it is missing. Otherwise it allocates an address.',
    holds: 'A Service with an address has it. The controller never leaves it empty.',
    fault: ({ before, after }) => {
      const addresses = addressesOf(after);
      if (recordOf(after) !== undefined) return blank(addresses) ? 'it would get another address' : undefined;
      return addresses === addressesOf(before) || addresses === undefined
        ? undefined
        : 'an annotation on a Service without an assignment';
    },
  },
  {
    reads: 'the same annotation, on every Service with the label',
    source: '`pkg/provider/loadBalancer.go` `mapImplementedServices`, `parseAddrList`',
    does: 'Splits it at commas and parses each part as an address, without trimming. One part that is not an address stops all allocation in the scope.',
    holds:
      'An allocated value contains only addresses and commas. (A value that a user wrote stays as it is.)',
    fault: ({ after }) => {
      const record = recordOf(after);
      if (record === undefined || record.from === 'static' || record.from === 'unknown') return undefined;
      const parts = (addressesOf(after) ?? '').split(',');
      const odd = parts.find((part) => isIP(part) === 0);
      return odd === undefined ? undefined : `${JSON.stringify(odd)} is not an address`;
    },
  },
  {
    reads: `label \`${names.implementation}=kube-vip\``,
    source: '`pkg/provider/loadBalancer.go` `getKubevipImplementationLabel`, `GetLoadBalancer`',
    does: "Treats the addresses in the annotations of labeled Services as in use: those of the namespace for a namespace's pool, all of them for a global pool.",
    holds: 'Every Service with an address has it. The controller leaves it on no other Service.',
    fault: ({ before, after }) => {
      const isLabelled = labelsOf(after)[names.implementation] === 'kube-vip';
      if (recordOf(after) !== undefined)
        return isLabelled ? undefined : 'its addresses would be allocated again';
      // A label from another source is not removed.
      const isOurs = labelsOf(before)[names.implementation] !== 'kube-vip' || recordOf(before) !== undefined;
      return isLabelled && isOurs ? 'a label on a Service without an assignment' : undefined;
    },
  },
  {
    reads: `label \`${names.ipamAddress}\``,
    source: '`pkg/provider/loadBalancer.go` `checkLegacyLoadBalancerIPAnnotation`',
    does: 'Removes it when it fills in the annotation.',
    holds: 'No Service with an address has it.',
    fault: ({ after }) => {
      if (recordOf(after) === undefined) return undefined;
      return labelsOf(after)[names.ipamAddress] === undefined ? undefined : 'the old label still exists';
    },
  },
  {
    reads: '`spec.ipFamilyPolicy`, `spec.ipFamilies`, `spec.ports[].port`',
    source: '`pkg/provider/loadBalancer.go` `discoverVIPs`, `discoverSharedVIPs`, `mapImplementedServices`',
    does: 'Decides which families to allocate, and which Services may share.',
    holds: 'Never written.',
    fault: unchanged('spec', ({ spec = {} }) => ({ ...spec, loadBalancerIP: undefined })),
  },
  {
    reads: '`status.loadBalancer`',
    source:
      '`pkg/provider/loadBalancer.go` `EnsureLoadBalancer`; `cloud-provider/controllers/service/controller.go` `patchStatus`',
    does: 'Returns it unchanged, so it writes nothing.',
    holds: 'Never written.',
    fault: unchanged('status', ({ status }) => status),
  },
  {
    reads: 'all annotations',
    source:
      '`cloud-provider/controllers/service/controller.go` and `pkg/provider/loadbalancerclass.go`: `needsUpdate`',
    does: 'If any of them changes, it processes the Service again, as the rows above describe.',
    holds:
      'The controller writes only the address, the interface, the VLAN, the Lease, and its own annotations.',
    fault: unchanged("another program's annotation", ({ metadata: { annotations = {} } }) =>
      Object.fromEntries(Object.entries(annotations).filter(([name]) => !written.includes(name))),
    ),
  },
];

/** Every fault of a Service, each with the row that it breaks. */
export function faultsOf(pair: Pair): string[] {
  const { namespace, name } = pair.after.metadata;
  return goReads.flatMap(({ reads, fault }) => {
    const found = fault(pair);
    return found === undefined ? [] : [`${namespace}/${name}: ${reads}: ${found}`];
  });
}

function unchanged(what: string, part: (service: Service) => unknown): Reading['fault'] {
  return ({ before, after }) =>
    JSON.stringify(part(before)) === JSON.stringify(part(after)) ? undefined : `${what} was changed`;
}

function recordOf({ metadata }: Service): { from: string } | undefined {
  const text = metadata.annotations?.[names.record];
  return text === undefined ? undefined : (JSON.parse(text) as { from: string });
}

function addressesOf({ metadata }: Service): string | undefined {
  return metadata.annotations?.[names.addresses];
}

function labelsOf({ metadata }: Service): Readonly<Record<string, string>> {
  return metadata.labels ?? {};
}

function blank(text: string | undefined): boolean {
  return text === undefined || text.trim() === '';
}
