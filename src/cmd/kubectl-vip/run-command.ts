import { errorText } from '../../client/errors.ts';
import { sleep } from '../../client/wait.ts';
import { readConfig } from '../../core/config/config.ts';
import { explainOtherPools } from '../../core/explain/explain-config.ts';
import { externalIPsOf } from '../../core/ledger/external-ips.ts';
import type { ConfigMap, Service } from '../../core/model/objects.ts';
import { keyOf, type ServiceKey, viewOf } from '../../core/model/service-view.ts';
import { annotations } from '../../core/model/well-known-names.ts';
import { externalIPsIn } from '../../core/queries/simulate.ts';
import { printable, quoted } from '../../core/text/quote.ts';
import { createEmbeddedApi } from '../../embedded/embedded-api.ts';
import { networksIn, poolConfigMapsIn } from '../../manifest/cluster-objects.ts';
import { type ManifestOptions, readManifests } from '../../manifest/manifests.ts';
import type { PoolPosition } from '../../manifest/pool-position.ts';
import { audit, findingsIn, mayResolveSoon } from './audit-command.ts';
import { type CheckedService, check } from './check-command.ts';
import type { CommandResult } from './command-result.ts';
import type { CommandName } from './commands.ts';
import { namesCluster } from './connection-target.ts';
import { explain, servicesIn } from './explain-command.ts';
import { mergeNetworks } from './file-networks.ts';
import { history } from './history-command.ts';
import type { IOStreams } from './io-streams.ts';
import { loadCluster } from './load-cluster.ts';
import { plan } from './plan-command.ts';
import type { Invocation } from './plugin-arguments.ts';
import { pools } from './pools-command.ts';
import { nodeNamesIn } from './read-dump.ts';
import { settingsFrom } from './settings.ts';
import { rangeIn, who } from './who-command.ts';

/** A command that ends by itself, unlike `web`. */
type OneShotInvocation = Invocation & { readonly command: Exclude<CommandName, 'web' | 'move' | 'drain'> };

/** Rejects with a message that says what to do. */
export async function runCommand(invocation: OneShotInvocation, streams: IOStreams): Promise<CommandResult> {
  const { command, positionals, files } = invocation;
  const [positional] = positionals;
  if (positional !== undefined && command !== 'explain' && command !== 'who' && command !== 'history')
    throw new Error(
      `Unexpected argument ${quoted(positional)}.\nRun "kubectl vip ${command} --help" for usage.`,
    );
  switch (command) {
    case 'explain': {
      const { facts, scope } = await loadCluster(invocation, streams, files, (scope) => ({
        managedFields: positionals.length > 0,
        nodeNames: positionals.length > 0,
        named: servicesIn(positionals, scope),
        events: true,
      }));
      return explain(facts, scope, positionals);
    }
    case 'pools': {
      const { facts, scope } = await loadCluster(invocation, streams, files, () => ({}));
      return pools(facts, scope);
    }
    case 'who': {
      if (positionals.length === 0)
        throw new Error(
          'Specify an address, a block or a range, for example:\nkubectl vip who 192.168.0.201',
        );
      const ranges = positionals.map(rangeIn);
      const { facts } = await loadCluster(invocation, streams, files, () => ({ managedFields: true }));
      return who(facts, ranges);
    }
    case 'history':
      return history(invocation, streams);
    case 'plan':
      return runPlan(invocation, streams);
    case 'check':
      return runCheck(invocation, streams);
    case 'audit':
      return runAudit(invocation, streams);
  }
}

async function runAudit(invocation: Invocation, streams: IOStreams): Promise<CommandResult> {
  const loadAndAudit = async () => {
    const { facts, scope } = await loadCluster(invocation, streams, invocation.files, () => ({
      cleanup: true,
      managedFields: true,
      nodeNames: true,
      otherAllocator: true,
    }));
    return { facts, scope, findings: findingsIn(facts) };
  };
  let { facts, scope, findings } = await loadAndAudit();
  if (mayResolveSoon(facts, findings)) {
    streams.writeStderr('A write is due and a controller is running. Checking again in 2 s.');
    await sleep(streams.clock, 2_000, streams.signal);
    ({ facts, scope, findings } = await loadAndAudit());
  }
  return audit(facts, scope, findings);
}

async function runPlan(invocation: Invocation, streams: IOStreams): Promise<CommandResult> {
  const [changed, ...dump] = invocation.files;
  if (changed === undefined)
    throw new Error(
      'Specify the changed ConfigMap, or new or changed Services, for example:\nkubectl vip plan -f configmap.yaml',
    );
  const { facts, scope } = await loadCluster(invocation, streams, dump, () => ({}));
  const { objects, name, remarks, skipped } = await readPoolFile(changed, facts.options.configMap, streams, {
    mayLackPools: true,
    namespace: scope.namespace,
  });
  for (const remark of remarks) streams.writeStderr(remark);
  const configMap = objects.find((object): object is ConfigMap => object.kind === 'ConfigMap');
  const services = objects.filter((object): object is Service => object.kind === 'Service');
  rejectInvalid(services, streams);
  const snapshot = { ...facts.snapshot, nodes: facts.snapshot.nodes ?? nodeNamesIn(skipped) };
  return plan({ ...facts, snapshot }, { name, config: configMap && readConfig(configMap), services });
}

/** Throws one error with the reasons for which an API server would reject them. */
function rejectInvalid(services: readonly Service[], { clock, random }: IOStreams): void {
  const embedded = createEmbeddedApi({ clock, random });
  const rejected = services.flatMap((service) => {
    try {
      embedded.load(service);
      return [];
    } catch (error) {
      const { namespace, name } = service.metadata;
      return `Service ${namespace}/${name}: Kubernetes would reject it: ${printable(errorText(error))}`;
    }
  });
  if (rejected.length > 0) throw new Error(rejected.join('\n'));
}

async function runCheck(invocation: Invocation, streams: IOStreams): Promise<CommandResult> {
  const { files, settings, target } = invocation;
  const [file, ...extraFiles] = files;
  if (extraFiles.length > 0) throw new Error('Only one file can be checked at a time. Specify -f once.');
  const selection = () => ({ networks: true });
  if (file === undefined) {
    const { facts } = await loadCluster(invocation, streams, [], selection);
    const { namespace, name } = facts.options.configMap;
    if (facts.configMap === undefined)
      throw new Error(
        [
          `The ConfigMap ${namespace}/${name} does not exist. Create it, or check a file with -f.`,
          ...facts.otherPoolConfigMaps.map((other) => explainOtherPools(other, { namespace, name })),
        ].join(' '),
      );
    const { networks, snapshot } = facts;
    const positionOf = () => undefined;
    return check({
      config: snapshot.config,
      positionOf,
      networks,
      externalIPs: externalIPsIn(snapshot),
      name: `${namespace}/${name}`,
      configMap: facts.options.configMap,
      otherPoolConfigMaps: facts.otherPoolConfigMaps,
      lacksIPAddresses: facts.lacksIPAddresses,
      remarks: [],
      rejections: [],
    });
  }
  const facts = namesCluster(target)
    ? (await loadCluster(invocation, streams, [], selection)).facts
    : undefined;
  const { options } = facts ?? settingsFrom(undefined, settings);
  const { configMap, objects, skipped, positionOfAnnotation, ...text } = await readConfigMap(
    file,
    options.configMap,
    streams,
  );
  const config = readConfig(configMap);
  const services = objects.filter((object): object is Service => object.kind === 'Service');
  const external = services.map(externalIPsOf);
  const inFile = new Set(external.map(({ key }) => key));
  const others = facts === undefined ? [] : externalIPsIn(facts.snapshot);
  return check({
    ...text,
    config,
    services: services.map((service) => serviceInFile(service, positionOfAnnotation)),
    externalIPs: [...external, ...others.filter(({ key }) => !inFile.has(key))],
    networks: mergeNetworks(networksIn(skipped), facts?.networks),
    configMap: options.configMap,
    // A remark reports the ConfigMap of the same name, and several controllers can have one each.
    otherPoolConfigMaps: config.pools.size > 0 ? [] : poolConfigMapsIn(skipped),
    lacksIPAddresses: facts?.lacksIPAddresses === true,
  });
}

function serviceInFile(
  service: Service,
  positionOf: (service: ServiceKey, name: string) => PoolPosition | undefined,
): CheckedService {
  const view = viewOf(service);
  return { view, position: positionOf(keyOf(view), annotations.pool) };
}

/** Finds the pools' ConfigMap in a file that may contain other objects. */
async function readConfigMap(path: string, wanted: { namespace: string; name: string }, streams: IOStreams) {
  const file = await readPoolFile(path, wanted, streams, {});
  const configMap = file.objects.find((object): object is ConfigMap => object.kind === 'ConfigMap');
  // The remarks report the missing ConfigMap, and similar names.
  if (configMap === undefined) throw new Error([printable(file.name), ...file.remarks].join(': '));
  return { configMap, ...file };
}

/** Reads a file that must contain the pools' ConfigMap, or with `mayLackPools` a Service. Writes remarks to standard error. */
async function readPoolFile(
  path: string,
  wanted: { namespace: string; name: string },
  streams: IOStreams,
  options: Pick<ManifestOptions, 'mayLackPools' | 'namespace'>,
) {
  const text = await streams.readText(path);
  const {
    objects,
    placeOf: positionOf,
    placeOfAnnotation: positionOfAnnotation,
    remarks,
    rejections,
    errors,
    skipped,
  } = readManifests([text], {
    configMap: wanted,
    isPoolsAlone: true,
    toName: 'select it with --configmap NAMESPACE/NAME',
    ...options,
  });
  if (errors.length > 0) throw new Error(errors.join('\n'));
  if (objects.length === 0) throw new Error([printable(text.name), ...remarks].join(': '));
  return { objects, name: text.name, positionOf, positionOfAnnotation, remarks, rejections, skipped };
}
