import { isIP } from 'node:net';
import { familyOf, ipAddress } from './ip.ts';
import { sameJson } from './json.ts';
import { checkLabels, dnsSubdomain } from './naming.ts';
import {
  isExternal,
  type StoredService,
  type StoredServicePort,
  type StoredServiceSpec,
} from './service-defaults.ts';
import { duplicate, forbidden, invalidValue, required, type StatusCause } from './status.ts';

/** Rules that the schema cannot express: pkg/apis/core/validation/validation.go, validateService and its neighbors. */

export function checkService({ spec }: StoredService): StatusCause[] {
  const causes: StatusCause[] = [];
  const headless = spec.clusterIP === 'None';
  if (spec.ports === undefined && !headless && spec.type !== 'ExternalName')
    causes.push(required('spec.ports'));
  if (headless && isExternal(spec)) {
    const why = `may not be set to 'None' for ${spec.type} services`;
    causes.push(invalidValue('spec.clusterIPs[0]', 'None', why));
  }
  if (spec.type === 'ExternalName') causes.push(...checkExternalName(spec));
  causes.push(...checkPortNames(spec.ports ?? []));
  causes.push(...checkLabels(spec.selector ?? {}, 'spec.selector'));
  if (spec.type !== 'ExternalName') causes.push(...checkClusterIPs(spec));
  causes.push(...checkDuplicatePorts(spec.ports ?? []));
  for (const key of ['allocateLoadBalancerNodePorts', 'loadBalancerClass'] as const) {
    if (spec[key] !== undefined && spec.type !== 'LoadBalancer')
      causes.push(forbidden(`spec.${key}`, "may only be used when `type` is 'LoadBalancer'"));
  }
  if (!isExternal(spec) && spec.externalTrafficPolicy !== undefined) {
    const why = 'may only be set for externally-accessible services';
    causes.push(invalidValue('spec.externalTrafficPolicy', spec.externalTrafficPolicy, why));
  }
  return causes;
}

function checkExternalName(spec: StoredServiceSpec): StatusCause[] {
  const causes: StatusCause[] = [];
  for (const key of ['clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const) {
    if (spec[key] !== undefined)
      causes.push(forbidden(`spec.${key}`, 'may not be set for ExternalName services'));
  }
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  if (name === '') return [...causes, required('spec.externalName')];
  return [...causes, ...dnsSubdomain(name).map((why) => invalidValue('spec.externalName', name, why))];
}

function checkPortNames(ports: readonly StoredServicePort[]): StatusCause[] {
  const names = new Set<string>();
  return ports.flatMap(({ name }, index) => {
    const field = `spec.ports[${index}].name`;
    if (name === undefined) return ports.length > 1 ? [required(field)] : [];
    const isRepeated = names.has(name);
    names.add(name);
    return isRepeated ? [duplicate(field, name)] : [];
  });
}

function checkDuplicatePorts(ports: readonly StoredServicePort[]): StatusCause[] {
  const seen = new Set<string>();
  return ports.flatMap(({ protocol, port }, index) => {
    const key = `${protocol} ${port}`;
    const again = seen.has(key);
    seen.add(key);
    // The real message prints the whole Go struct that it compares by.
    const value = { Name: '', Protocol: protocol, AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 };
    return again ? [duplicate(`spec.ports[${index}]`, value)] : [];
  });
}

function checkClusterIPs(spec: StoredServiceSpec): StatusCause[] {
  const causes: StatusCause[] = [];
  const ips = spec.clusterIPs ?? [];
  if (spec.clusterIP !== undefined && ips[0] !== spec.clusterIP) {
    causes.push(invalidValue('spec.clusterIPs', ips, 'first value must match `clusterIP`'));
  }
  if (spec.clusterIP === undefined && ips.length > 0) {
    causes.push(invalidValue('spec.clusterIPs', ips, 'must be empty when `clusterIP` is not specified'));
  }
  if (ips.length > 2) causes.push(invalidValue('spec.clusterIPs', ips, 'may only hold up to 2 values'));
  for (const [index, ip] of ips.entries()) {
    if (ip === 'None' && index === 0) continue;
    const field = `spec.clusterIPs[${index}]`;
    const family = spec.ipFamilies?.[index];
    causes.push(...ipAddress(ip).map((why) => invalidValue(field, ip, why)));
    if (isIP(ip) !== 0 && family === (familyOf(ip) === 'IPv4' ? 'IPv6' : 'IPv4')) {
      causes.push(
        invalidValue(field, ip, `expected an ${family} value as indicated by \`ipFamilies[${index}]\``),
      );
    }
  }
  return causes;
}

/** Changes that an update of a Service may not make. */
export function checkServiceUpdate(service: StoredService, old: StoredService): StatusCause[] {
  const causes: StatusCause[] = [];
  const [spec, before] = [service.spec, old.spec];
  if (spec.type !== 'ExternalName' && before.type !== 'ExternalName') {
    const [first] = before.clusterIPs ?? [];
    if (first !== undefined && first !== 'None' && spec.clusterIPs?.[0] !== first) {
      causes.push(invalidValue('spec.clusterIPs[0]', spec.clusterIPs, 'may not change once set'));
    }
    const [primary] = before.ipFamilies ?? [];
    if (primary !== undefined && spec.ipFamilies?.[0] !== primary && spec.clusterIP !== 'None') {
      causes.push(invalidValue('spec.ipFamilies[0]', spec.ipFamilies, 'may not change once set'));
    }
  }
  const bothLoadBalancers = spec.type === 'LoadBalancer' && before.type === 'LoadBalancer';
  if (bothLoadBalancers && !sameJson(spec.loadBalancerClass, before.loadBalancerClass)) {
    causes.push(invalidValue('spec.loadBalancerClass', spec.loadBalancerClass, 'may not change once set'));
  }
  return causes;
}

/** ValidateLoadBalancerStatus. */
export function checkServiceStatus({ spec, status }: StoredService): StatusCause[] {
  const ingress = status.loadBalancer.ingress ?? [];
  const field = 'status.loadBalancer.ingress';
  if (spec.type !== 'LoadBalancer' && ingress.length > 0) {
    return [forbidden(field, "may only be used when `spec.type` is 'LoadBalancer'")];
  }
  return ingress.flatMap(({ ip, hostname, ipMode }, index) => {
    const causes: StatusCause[] = [];
    if (ipMode !== undefined && ip === undefined)
      causes.push(forbidden(`${field}[${index}].ipMode`, 'may not be specified when `ip` is not set'));
    if (hostname !== undefined && isIP(hostname) !== 0) {
      const why = 'must be a DNS name, not an IP address';
      causes.push(invalidValue(`${field}[${index}].hostname`, hostname, why));
    }
    return causes;
  });
}
