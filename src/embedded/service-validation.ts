import { isIP } from 'node:net';
import { familyOf } from './ip.ts';
import { sameJson } from './json.ts';
import { checkLabels, dnsLabel, dnsSubdomain, qualifiedName } from './naming.ts';
import { type FullPort, type FullService, type FullSpec, isExternal } from './service-defaults.ts';
import { duplicate, forbidden, invalidValue, notSupported, required, type StatusCause } from './status.ts';

/** What is checked of a Service, from pkg/apis/core/validation/validation.go, validateService and its neighbours. */

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const protocols = ['SCTP', 'TCP', 'UDP'];
const families = ['IPv4', 'IPv6'];
const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
const trafficPolicies = ['Cluster', 'Local'];

function oneOf(field: string, value: string | undefined, supported: readonly string[]): StatusCause[] {
  return value === undefined || supported.includes(value) ? [] : [notSupported(field, value, supported)];
}

export function checkService({ spec }: FullService): StatusCause[] {
  const loadBalancer = spec.type === 'LoadBalancer';
  const causes: StatusCause[] = [];
  const headless = spec.clusterIP === 'None';
  if (spec.ports === undefined && !headless && spec.type !== 'ExternalName')
    causes.push(required('spec.ports'));
  if (headless && isExternal(spec)) {
    const why = `may not be set to 'None' for ${spec.type} services`;
    causes.push(invalidValue('spec.clusterIPs[0]', 'None', why));
  }
  if (spec.type === 'ExternalName') causes.push(...checkExternalName(spec));
  causes.push(...checkPorts(spec.ports ?? []));
  causes.push(...checkLabels(spec.selector ?? {}, 'spec.selector'));
  causes.push(...oneOf('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None']));
  if (spec.type !== 'ExternalName') causes.push(...checkFamilies(spec));
  causes.push(...oneOf('spec.type', spec.type, types));
  causes.push(...checkDuplicatePorts(spec.ports ?? []));
  if (spec.allocateLoadBalancerNodePorts !== undefined && !loadBalancer) {
    causes.push(
      forbidden('spec.allocateLoadBalancerNodePorts', "may only be used when `type` is 'LoadBalancer'"),
    );
  }
  if (spec.loadBalancerClass !== undefined) {
    const field = 'spec.loadBalancerClass';
    if (!loadBalancer) causes.push(forbidden(field, "may only be used when `type` is 'LoadBalancer'"));
    else
      for (const why of qualifiedName(spec.loadBalancerClass))
        causes.push(invalidValue(field, spec.loadBalancerClass, why));
  }
  const external = 'spec.externalTrafficPolicy';
  if (isExternal(spec)) causes.push(...oneOf(external, spec.externalTrafficPolicy, trafficPolicies));
  else if (spec.externalTrafficPolicy !== undefined) {
    const why = 'may only be set for externally-accessible services';
    causes.push(invalidValue(external, spec.externalTrafficPolicy, why));
  }
  causes.push(...oneOf('spec.internalTrafficPolicy', spec.internalTrafficPolicy, trafficPolicies));
  return causes;
}

function checkExternalName(spec: FullSpec): StatusCause[] {
  const causes: StatusCause[] = [];
  for (const key of ['clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const) {
    if (spec[key] !== undefined)
      causes.push(forbidden(`spec.${key}`, 'may not be set for ExternalName services'));
  }
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  if (name === '') return [...causes, required('spec.externalName')];
  return [...causes, ...dnsSubdomain(name).map((why) => invalidValue('spec.externalName', name, why))];
}

function checkPorts(ports: readonly FullPort[]): StatusCause[] {
  const names = new Set<string>();
  return ports.flatMap((port, index) => {
    const field = `spec.ports[${index}]`;
    const causes: StatusCause[] = [];
    if (port.name === undefined) {
      if (ports.length > 1) causes.push(required(`${field}.name`));
    } else {
      for (const why of dnsLabel(port.name)) causes.push(invalidValue(`${field}.name`, port.name, why));
      if (names.has(port.name)) causes.push(duplicate(`${field}.name`, port.name));
      names.add(port.name);
    }
    if (!isPortNumber(port.port))
      causes.push(invalidValue(`${field}.port`, port.port, 'must be between 1 and 65535, inclusive'));
    causes.push(...oneOf(`${field}.protocol`, port.protocol, protocols));
    if (typeof port.targetPort === 'number' && !isPortNumber(port.targetPort)) {
      causes.push(
        invalidValue(`${field}.targetPort`, port.targetPort, 'must be between 1 and 65535, inclusive'),
      );
    }
    return causes;
  });
}

function isPortNumber(port: number): boolean {
  return port >= 1 && port <= 65_535;
}

function checkDuplicatePorts(ports: readonly FullPort[]): StatusCause[] {
  const seen = new Set<string>();
  return ports.flatMap(({ protocol = 'TCP', port }, index) => {
    const key = `${protocol} ${port}`;
    const again = seen.has(key);
    seen.add(key);
    // The real message prints the whole Go struct that it compares by.
    const value = { Name: '', Protocol: protocol, AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 };
    return again ? [duplicate(`spec.ports[${index}]`, value)] : [];
  });
}

function checkFamilies(spec: FullSpec): StatusCause[] {
  const causes: StatusCause[] = [];
  const ips = spec.clusterIPs ?? [];
  if (spec.clusterIP !== undefined && ips[0] !== spec.clusterIP) {
    causes.push(invalidValue('spec.clusterIPs', ips, 'first value must match `clusterIP`'));
  }
  if (spec.clusterIP === undefined && ips.length > 0) {
    causes.push(invalidValue('spec.clusterIPs', ips, 'must be empty when `clusterIP` is not specified'));
  }
  const seen = new Set<string>();
  for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
    const field = `spec.ipFamilies[${index}]`;
    causes.push(...oneOf(field, family, families));
    if (seen.has(family)) causes.push(duplicate(field, family));
    seen.add(family);
  }
  causes.push(...oneOf('spec.ipFamilyPolicy', spec.ipFamilyPolicy, policies));
  if (ips.length > 2) causes.push(invalidValue('spec.clusterIPs', ips, 'may only hold up to 2 values'));
  for (const [index, ip] of ips.entries()) {
    if (ip === 'None' && index === 0) continue;
    const field = `spec.clusterIPs[${index}]`;
    const family = spec.ipFamilies?.[index];
    if (isIP(ip) === 0) {
      causes.push(invalidValue(field, ip, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'));
    } else if (family !== undefined && families.includes(family) && familyOf(ip) !== family) {
      causes.push(
        invalidValue(field, ip, `expected an ${family} value as indicated by \`ipFamilies[${index}]\``),
      );
    }
  }
  return causes;
}

/** What an update of a Service may not do. */
export function checkServiceUpdate(service: FullService, old: FullService): StatusCause[] {
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
export function checkServiceStatus({ spec, status }: FullService): StatusCause[] {
  const ingress = status.loadBalancer.ingress ?? [];
  const field = 'status.loadBalancer.ingress';
  if (spec.type !== 'LoadBalancer' && ingress.length > 0) {
    return [forbidden(field, "may only be used when `spec.type` is 'LoadBalancer'")];
  }
  return ingress.flatMap(({ ip, hostname, ipMode }, index) => {
    const causes: StatusCause[] = [];
    const at = `${field}[${index}]`;
    if (ip !== undefined && isIP(ip) === 0) {
      causes.push(
        invalidValue(`${at}.ip`, ip, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'),
      );
    }
    if (ipMode !== undefined && ip === undefined) {
      causes.push(forbidden(`${at}.ipMode`, 'may not be specified when `ip` is not set'));
    } else causes.push(...oneOf(`${at}.ipMode`, ipMode, ['Proxy', 'VIP']));
    if (hostname !== undefined) {
      for (const why of dnsSubdomain(hostname)) causes.push(invalidValue(`${at}.hostname`, hostname, why));
      if (isIP(hostname) !== 0) {
        causes.push(invalidValue(`${at}.hostname`, hostname, 'must be a DNS name, not an IP address'));
      }
    }
    return causes;
  });
}
