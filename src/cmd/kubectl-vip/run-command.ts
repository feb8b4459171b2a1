import { sleep } from '../../client/wait.ts';
import { readConfig } from '../../core/config/config.ts';
import type { ConfigMap } from '../../core/model/objects.ts';
import { externalIPsIn } from '../../core/queries/simulate.ts';
import { printable, quoted } from '../../core/text/quote.ts';
import { readManifests } from '../../manifest/manifests.ts';
import { audit, findingsIn, mayResolveSoon } from './audit-command.ts';
import { check } from './check-command.ts';
import type { CommandResult } from './command-result.ts';
import type { CommandName } from './commands.ts';
import { explain, servicesIn } from './explain-command.ts';
import type { IOStreams } from './io-streams.ts';
import { loadCluster } from './load-cluster.ts';
import { plan } from './plan-command.ts';
import type { Invocation } from './plugin-arguments.ts';
import { pools } from './pools-command.ts';
import { settingsFrom } from './settings.ts';
import { rangeIn, who } from './who-command.ts';

/** A command that ends by itself, unlike `web`. */
type OneShotInvocation = Invocation & { readonly command: Exclude<CommandName, 'web'> };

/** Rejects with a message that says what to do. */
export async function runCommand(invocation: OneShotInvocation, streams: IOStreams): Promise<CommandResult> {
  const { command, positionals, files } = invocation;
  const [positional] = positionals;
  if (positional !== undefined && command !== 'explain' && command !== 'who')
    throw new Error(
      `Unexpected argument ${quoted(positional)}.\nRun "kubectl vip ${command} --help" for usage.`,
    );
  switch (command) {
    case 'explain': {
      const { facts, scope } = await loadCluster(invocation, streams, files, (scope) => ({
        managedFields: positionals.length > 0,
        named: servicesIn(positionals, scope),
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
    throw new Error('Specify the changed ConfigMap, for example:\nkubectl vip plan -f configmap.yaml');
  const { facts } = await loadCluster(invocation, streams, dump, () => ({}));
  const { configMap, name } = await readConfigMap(changed, facts.options.configMap, streams);
  return plan(facts, readConfig(configMap), name);
}

async function runCheck(invocation: Invocation, streams: IOStreams): Promise<CommandResult> {
  const { files, settings, context, kubeconfig } = invocation;
  const [file, ...extraFiles] = files;
  if (extraFiles.length > 0) throw new Error('Only one file can be checked at a time. Specify -f once.');
  const selection = () => ({ networks: true });
  if (file === undefined) {
    const { facts } = await loadCluster(invocation, streams, [], selection);
    const { namespace, name } = facts.options.configMap;
    if (facts.configMap === undefined)
      throw new Error(
        `The ConfigMap ${namespace}/${name} does not exist. Create it, or check a file with -f.`,
      );
    const { networks, snapshot } = facts;
    const positionOf = () => undefined;
    return check({
      config: snapshot.config,
      positionOf,
      networks,
      externalIPs: externalIPsIn(snapshot),
      name: `${namespace}/${name}`,
      remarks: [],
    });
  }
  const usesCluster = context !== undefined || kubeconfig !== undefined;
  const facts = usesCluster ? (await loadCluster(invocation, streams, [], selection)).facts : undefined;
  const { options } = facts ?? settingsFrom(undefined, settings);
  const { configMap, name, positionOf, remarks } = await readConfigMap(file, options.configMap, streams);
  const config = readConfig(configMap);
  const externalIPs = facts === undefined ? [] : externalIPsIn(facts.snapshot);
  return check({ config, positionOf, networks: facts?.networks, externalIPs, name, remarks });
}

/** Finds the pools' ConfigMap in a file that may contain other objects. */
async function readConfigMap(path: string, wanted: { namespace: string; name: string }, streams: IOStreams) {
  const text = await streams.readText(path);
  const {
    objects,
    placeOf: positionOf,
    remarks,
    errors,
  } = readManifests([text], {
    configMap: wanted,
    isPoolsAlone: true,
    toName: 'select it with --configmap NAMESPACE/NAME',
  });
  if (errors.length > 0) throw new Error(errors.join('\n'));
  const configMap = objects.find((object): object is ConfigMap => object.kind === 'ConfigMap');
  // The remarks report the missing ConfigMap, and similar names.
  if (configMap === undefined) throw new Error([printable(text.name), ...remarks].join(': '));
  for (const remark of remarks) streams.writeStderr(remark);
  return { configMap, name: text.name, positionOf, remarks };
}
