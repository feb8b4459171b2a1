import { isIP } from 'node:net';
import type { KubeObject } from '../core/model/objects.ts';
import type { ClusterIPs } from './cluster-ips.ts';
import { canonicalIP, familyOf } from './ip.ts';
import { sameJson } from './json.ts';
import { dnsSubdomain, pathSegment } from './naming.ts';
import { common, type Resource } from './resource.ts';
import { ipAddress as shape } from './resource-shapes.ts';
import { invalidValue, required, type StatusCause } from './status.ts';

interface ParentReference {
  group?: string;
  resource?: string;
  namespace?: string;
  name?: string;
}

interface StoredIPAddress extends KubeObject {
  spec?: { parentRef?: ParentReference };
}

/**
 * networking.k8s.io/v1 IPAddress: who uses an address, said by an object of that name, which can exist only once
 * (KEP-1880). Those of cluster addresses are made by kube-apiserver, the others by whoever gives addresses out.
 */
export function ipAddresses(pool: ClusterIPs): Resource {
  return {
    ...common,
    kind: 'IPAddress',
    plural: 'ipaddresses',
    group: 'networking.k8s.io',
    apiVersion: 'networking.k8s.io/v1',
    isNamespaced: false,
    shape,
    checkName,
    // An address has no room for five more characters.
    generatedName: (prefix) => prefix,
    check: (object, old) => {
      const parent = (object as StoredIPAddress).spec?.parentRef;
      const causes = checkParent(parent);
      if (old !== undefined && !sameJson(parent, (old as StoredIPAddress).spec?.parentRef)) {
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

/** The IPAddress that says that a Service has this cluster address (pkg/registry/core/service/ipallocator). */
export function ofClusterIP(ip: string, { metadata: { namespace = '', name } }: KubeObject): KubeObject {
  const labels = {
    'ipaddress.kubernetes.io/ip-family': familyOf(ip),
    'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
  };
  const spec = { parentRef: { resource: 'services', namespace, name } };
  return { metadata: { name: ip, labels }, spec } as StoredIPAddress;
}

/** apimachinery's pkg/util/validation/ip.go, IsValidIP. */
function checkName(name: string): string[] {
  const canonical = canonicalIP(name);
  if (canonical === undefined) {
    const isPadded = isIP(name.replace(/(?<![^.])0+(?=\d)/g, '')) === 4;
    if (isPadded) return ['must not have leading 0s'];
    return ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];
  }
  if (/^::ffff:[0-9a-f]+:[0-9a-f]+$/.test(canonical)) return ['must not be an IPv4-mapped IPv6 address'];
  return canonical === name ? [] : [`must be in canonical form ("${canonical}")`];
}

/** pkg/apis/networking/validation, validateIPAddressParentReference. */
function checkParent(parent: ParentReference | undefined): StatusCause[] {
  const at = 'spec.parentRef';
  if (parent === undefined) return [required(at)];
  const causes: StatusCause[] = [];
  // Services are of the group "", so it cannot be asked for.
  for (const why of parent.group === undefined ? [] : dnsSubdomain(parent.group))
    causes.push(invalidValue(`${at}.group`, parent.group, why));
  for (const key of ['resource', 'name', 'namespace'] as const) {
    const value = parent[key];
    if (value === undefined) {
      if (key !== 'namespace') causes.push(required(`${at}.${key}`));
    } else for (const why of pathSegment(value)) causes.push(invalidValue(`${at}.${key}`, value, why));
  }
  return causes;
}

/** This message shows the Go struct. */
function asInGo(parent: ParentReference | undefined): unknown {
  if (parent === undefined) return undefined;
  const { group = '', resource = '', namespace = '', name = '' } = parent;
  return { Group: group, Resource: resource, Namespace: namespace, Name: name };
}
