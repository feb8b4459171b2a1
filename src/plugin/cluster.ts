import { claimsPath, configMapSource, leftoversSource, servicesSource } from '../controller/sources.ts';
import { type Claim, claimOf, namesAddress } from '../core/claim.ts';
import { parseEntry } from '../core/entry.ts';
import type { ConfigMap, KubeObject, ManagedFieldsEntry, Service } from '../core/objects.ts';
import type { Options } from '../core/options.ts';
import { readPools } from '../core/pools.ts';
import { printable } from '../core/quote.ts';
import { keyOf, type ServiceKey, type ServiceView, viewOf } from '../core/service.ts';
import { Shared } from '../core/shared.ts';
import type { Api, Query } from '../kube/api.ts';
import { ApiError, errorText } from '../kube/errors.ts';
import { holderOf, type Lease } from '../kube/lease.ts';
import type { Facts, Leadership, Needs, Surroundings } from './facts.ts';
import { type Deployment, type SettingFlags, type Settings, settingsFrom } from './settings.ts';

export interface ClusterContext {
  readonly api: Api;
  readonly flags: SettingFlags;
  /** Milliseconds since 1970, of the user's clock. */
  readonly wallMs: number;
  readonly signal: AbortSignal;
}

/**
 * Reads a cluster with the user's rights. Services and the ConfigMap are needed; what else may not be read is left out
 * and remarked on. Rejects with a sentence that says what is missing.
 */
export async function readCluster(context: ClusterContext, needs: Needs): Promise<Facts> {
  const remarks: string[] = [];
  const [{ items: services, resourceVersion }, settings] = await Promise.all([
    readServices(context, needs),
    readSettings(context, remarks),
  ]);
  const { options } = settings;
  const [configMap, leadership, claims, leftovers, named, surroundings] = await Promise.all([
    readConfigMap(context, options),
    readLeadership(context, settings),
    options.claims ? optional(readClaims(context, options), [], remarks) : [],
    needs.leftovers === true ? optional(readLeftovers(context), [], remarks) : [],
    readNamed(context, missingIn(needs.named ?? [], services)),
    needs.surroundings === true ? readSurroundings(context, remarks) : undefined,
  ]);
  return {
    snapshot: {
      services: services.map(({ view }) => view),
      pools: readPools(configMap),
      claims,
      resourceVersion,
    },
    options,
    origin: settings.origin,
    configMap,
    others: [...leftovers, ...named],
    managedFields: new Map(services.map(({ view, managedFields }) => [keyOf(view), managedFields])),
    leadership,
    surroundings,
    remarks: [...settings.remarks, ...remarks],
  };
}

interface Listed<T> {
  readonly items: T[];
  readonly resourceVersion: string;
}

async function list<T>(
  { api, signal }: ClusterContext,
  path: string,
  query: Query,
  project: (object: KubeObject) => T,
  managedFields = false,
): Promise<Listed<T>> {
  const items: T[] = [];
  let version = '';
  for await (const { objects, resourceVersion } of api.list(path, query, signal, { managedFields })) {
    for (const object of objects) items.push(project(object));
    version = resourceVersion ?? version;
  }
  return { items, resourceVersion: version };
}

type Read = { view: ServiceView; managedFields: readonly ManagedFieldsEntry[] };

async function readServices(context: ClusterContext, needs: Needs): Promise<Listed<Read>> {
  const { path, fieldSelector = '', matches, project } = servicesSource(new Shared());
  const read = (object: KubeObject): Read | undefined =>
    matches?.(object) === false
      ? undefined
      : { view: project(object), managedFields: object.metadata.managedFields ?? [] };
  const wanted = needs.managedFields === true;
  const { items, resourceVersion } = await list(context, path, { fieldSelector }, read, wanted).catch(
    (error: unknown) => {
      // API servers before 1.31 refuse the selector.
      if (error instanceof ApiError && error.status === 400) return list(context, path, {}, read, wanted);
      throw explained(error, 'Services of all namespaces', 'list services');
    },
  );
  return { items: items.filter((one) => one !== undefined), resourceVersion };
}

/** A refusal names the right that is missing; who is not answered is told which server. */
function explained(error: unknown, what: string, right: string): Error {
  if (error instanceof ApiError && error.status === 403)
    return new Error(
      `you may not read ${what}: ${error.detail}. Ask for the right to ${right}, or give a dump by -f.`,
    );
  if (error instanceof ApiError && error.status === 401)
    return new Error(
      'the API server does not know you (401): are your credentials still valid? Try kubectl auth whoami.',
    );
  return new Error(errorText(error));
}

const controllerSelectors = [
  'component=kube-vip-cloud-provider',
  'app.kubernetes.io/name=kube-vip-cloud-provider',
];

async function readSettings(context: ClusterContext, remarks: string[]): Promise<Settings> {
  const { flags } = context;
  const named = flags.deployment;
  if (named !== undefined) {
    const found = await deployment(context, named);
    return settingsFrom(found === undefined ? [] : [found], flags);
  }
  const found = await optional(
    Promise.all(controllerSelectors.map((labelSelector) => deployments(context, labelSelector))),
    [],
    remarks,
  );
  return settingsFrom(found.flat(), flags);
}

/** Where only the controller's own namespace may be read, that is enough. */
async function deployments(context: ClusterContext, labelSelector: string): Promise<Deployment[]> {
  const within = (scope: string) =>
    list(context, `/apis/apps/v1${scope}/deployments`, { labelSelector }, (object) => object as Deployment);
  const { items } = await within('').catch((error: unknown) => {
    if (!(error instanceof ApiError)) throw error;
    return within('/namespaces/kube-system');
  });
  return items;
}

async function deployment(
  { api, signal }: ClusterContext,
  { namespace, name }: { namespace: string; name: string },
): Promise<Deployment | undefined> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
  return api.get<Deployment>(path, signal).catch((error: unknown) => {
    if (error instanceof ApiError) return undefined;
    throw error;
  });
}

async function readConfigMap(context: ClusterContext, options: Options): Promise<ConfigMap | undefined> {
  const { path } = configMapSource(options);
  const { namespace, name } = options.configMap;
  try {
    return await context.api.get<ConfigMap>(`${path}/${name}`, context.signal);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw explained(error, `the ConfigMap ${namespace}/${name}`, `get configmaps in ${namespace}`);
  }
}

async function readClaims(context: ClusterContext, options: Options): Promise<Claim[]> {
  const project = (object: KubeObject): Claim | undefined =>
    namesAddress(object) ? claimOf(object, options.controller) : undefined;
  const { items } = await list(context, claimsPath, {}, project);
  return items.filter((claim) => claim !== undefined);
}

async function readLeftovers(context: ClusterContext): Promise<ServiceView[]> {
  const { path, labelSelector, matches, project } = leftoversSource(new Shared());
  const read = (object: KubeObject): ServiceView | undefined =>
    matches?.(object) === false ? undefined : project(object);
  const { items } = await list(context, path, { labelSelector }, read);
  return items.filter((view) => view !== undefined);
}

function missingIn(keys: readonly ServiceKey[], services: readonly Read[]): ServiceKey[] {
  const listed = new Set(services.map(({ view }) => keyOf(view)));
  return keys.filter((key) => !listed.has(key));
}

/** Those of other types: one that is not there is left out. */
async function readNamed(
  { api, signal }: ClusterContext,
  keys: readonly ServiceKey[],
): Promise<ServiceView[]> {
  const found = keys.map(async (key) => {
    const [namespace = '', name = ''] = key.split('/').map(encodeURIComponent);
    try {
      return [viewOf(await api.get<Service>(`/api/v1/namespaces/${namespace}/services/${name}`, signal))];
    } catch (error) {
      if (error instanceof ApiError) return [];
      throw error;
    }
  });
  return (await Promise.all(found)).flat();
}

/** What may not be read, or is not known to this API server, is left out with a remark. */
async function optional<T, Otherwise>(
  reading: Promise<T>,
  otherwise: Otherwise,
  remarks: string[],
): Promise<T | Otherwise> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    remarks.push(`Not looked at: ${error.message}`);
    return otherwise;
  }
}

interface Node extends KubeObject {
  status?: { addresses?: { type?: string; address?: string }[] };
}

interface ServiceCIDR extends KubeObject {
  spec?: { cidrs?: string[] };
}

async function readSurroundings(context: ClusterContext, remarks: string[]): Promise<Surroundings> {
  const [nodes, cidrs] = await Promise.all([
    optional(
      list(context, '/api/v1/nodes', {}, (object) => object as Node),
      undefined,
      remarks,
    ),
    // Since Kubernetes 1.33 (KEP-1880).
    optional(
      list(context, '/apis/networking.k8s.io/v1/servicecidrs', {}, (object) => object as ServiceCIDR),
      undefined,
      remarks,
    ),
  ]);
  return {
    nodes: nodes?.items.flatMap(({ metadata: { name }, status }) =>
      (status?.addresses ?? []).flatMap(({ type, address }) =>
        address === undefined || type === 'Hostname' ? [] : { name, address },
      ),
    ),
    clusterIPs: cidrs?.items.flatMap(({ metadata: { name }, spec }) =>
      (spec?.cidrs ?? []).flatMap((cidr) => {
        const entry = parseEntry(cidr);
        return 'fault' in entry ? [] : { name, range: entry.range };
      }),
    ),
  };
}

/** Undefined where the Lease may not be read. */
async function readLeadership(
  { api, signal, wallMs }: ClusterContext,
  { options: { controller }, leaseNamespace }: Settings,
): Promise<Leadership | undefined> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${leaseNamespace}/leases/${controller}`;
  try {
    return leadershipOf(await api.get<Lease>(path, signal), wallMs);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status !== 404) return undefined;
    return {
      isLed: false,
      sentence: `there is no Lease ${leaseNamespace}/${controller}: the controller has never run here, or runs with --leader-elect=false`,
    };
  }
}

/** By the user's clock, which may differ from the cluster's by some seconds. */
export function leadershipOf(lease: Lease, wallMs: number): Leadership {
  const holder = printable(holderOf(lease));
  const { renewTime = '', leaseDurationSeconds = 15 } = lease.spec ?? {};
  const seconds = Math.max(0, Math.round((wallMs - Date.parse(renewTime)) / 1000));
  const name = `${lease.metadata.namespace ?? ''}/${lease.metadata.name}`;
  if (holder === '') return { isLed: false, sentence: `nobody holds the Lease ${name}: no controller runs` };
  if (!(seconds <= leaseDurationSeconds * 2))
    return {
      isLed: false,
      sentence: `${holder} let the Lease ${name} run out ${seconds} s ago: no controller runs`,
    };
  return { isLed: true, sentence: `led by ${holder}, which renewed its Lease ${seconds} s ago` };
}

/** For whoever reads Services from elsewhere. */
export function managedFieldsOf(
  services: readonly Service[],
): Map<ServiceKey, readonly ManagedFieldsEntry[]> {
  return new Map(
    services.map(({ metadata }) => [
      keyOf({ namespace: metadata.namespace ?? 'default', name: metadata.name }),
      metadata.managedFields ?? [],
    ]),
  );
}
