import type { KubeObject } from '../core/model/objects.ts';
import { ipAddress as schema } from '../schema/ip-address.ts';
import type { ClusterIPs } from './cluster-ips.ts';
import { familyOf } from './ip.ts';
import { sameJson } from './json.ts';
import { pathSegment } from './naming.ts';
import { common, type ObjectOf, type Resource } from './resource.ts';
import { invalidValue, type StatusCause } from './status.ts';

type StoredIPAddress = ObjectOf<typeof schema>;
type ParentReference = NonNullable<StoredIPAddress['spec']['parentRef']>;

/**
 * networking.k8s.io/v1 IPAddress: an object named like an address marks that address as used (KEP-1880). The API
 * server creates those of cluster IPs; controllers that allocate addresses create the others.
 */
export function ipAddresses(pool: ClusterIPs): Resource {
  return {
    ...common,
    kind: 'IPAddress',
    plural: 'ipaddresses',
    group: 'networking.k8s.io',
    apiVersion: 'networking.k8s.io/v1',
    isNamespaced: false,
    schema,
    // A suffix would make the name invalid.
    generatedName: (prefix) => prefix,
    check: (object, old) => {
      const parent = (object as StoredIPAddress).spec.parentRef;
      const causes = checkParent(parent);
      if (old !== undefined && !sameJson(parent, (old as StoredIPAddress).spec.parentRef)) {
        causes.push(invalidValue('spec.parentRef', asInGo(parent), 'field is immutable'));
      }
      return causes;
    },
    written: (object, old) => {
      if (object !== undefined) pool.hold(object.metadata.name);
      else if (old !== undefined) pool.release(old.metadata.name);
    },
  };
}

/** The IPAddress of a Service's cluster IP (pkg/registry/core/service/ipallocator). */
export function ofClusterIP(ip: string, { metadata: { namespace = '', name } }: KubeObject): KubeObject {
  const labels = {
    'ipaddress.kubernetes.io/ip-family': familyOf(ip),
    'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
  };
  const spec = { parentRef: { resource: 'services', namespace, name } };
  return { metadata: { name: ip, labels }, spec } as StoredIPAddress;
}

/** pkg/apis/networking/validation, validateIPAddressParentReference. */
function checkParent(parent: ParentReference | undefined): StatusCause[] {
  return (['resource', 'name', 'namespace'] as const).flatMap((key) =>
    pathSegment(parent?.[key] ?? '').map((why) => invalidValue(`spec.parentRef.${key}`, parent?.[key], why)),
  );
}

/** The Go struct, which the message prints. */
function asInGo(parent: ParentReference | undefined): unknown {
  if (parent === undefined) return undefined;
  const { group = '', resource = '', namespace = '', name = '' } = parent;
  return { Group: group, Resource: resource, Namespace: namespace, Name: name };
}
