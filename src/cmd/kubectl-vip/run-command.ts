import { sleep } from '../../client/wait.ts';
import { readConfig } from '../../core/config/config.ts';
import type { ConfigMap } from '../../core/model/objects.ts';
import { printable, quoted } from '../../core/text/quote.ts';
import { readManifests } from '../../manifest/manifests.ts';
import { audit, findingsIn, isMerelyDue } from './audit-command.ts';
import { check } from './check-command.ts';
import type { Answer } from './command-result.ts';
import type { CommandName } from './commands.ts';
import { explain, servicesIn } from './explain-command.ts';
import type { IOStreams } from './io-streams.ts';
import { loadCluster } from './load-cluster.ts';
import { plan } from './plan-command.ts';
import type { Invocation } from './plugin-arguments.ts';
import { pools } from './pools-command.ts';
import { settingsFrom } from './settings.ts';
import { rangeIn, who } from './who-command.ts';

/** One that is answered at once; `web` goes on. */
type Question = Invocation & { readonly command: Exclude<CommandName, 'web'> };

/** Answers one question. Throws a sentence where it cannot. */
export async function ask(invocation: Question, streams: IOStreams): Promise<Answer> {
  const { command, words, files } = invocation;
  const [word] = words;
  if (word !== undefined && command !== 'explain' && command !== 'who')
    throw new Error(
      `${quoted(word)} is no flag, and it takes only flags. See kubectl vip ${command} --help.`,
    );
  switch (command) {
    case 'explain': {
      const { facts, scope } = await loadCluster(invocation, streams, files, (scope) => ({
        managedFields: words.length > 0,
        named: servicesIn(words, scope),
      }));
      return explain(facts, scope, words);
    }
    case 'pools': {
      const { facts, scope } = await loadCluster(invocation, streams, files, () => ({}));
      return pools(facts, scope);
    }
    case 'who': {
      if (words.length === 0)
        throw new Error('which address? Write one, or a block: kubectl vip who 192.168.0.201.');
      const ranges = words.map(rangeIn);
      const { facts } = await loadCluster(invocation, streams, files, () => ({ managedFields: true }));
      return who(facts, ranges);
    }
    case 'plan':
      return askPlan(invocation, streams);
    case 'check':
      return askCheck(invocation, streams);
    case 'audit':
      return askAudit(invocation, streams);
  }
}

async function askAudit(invocation: Invocation, streams: IOStreams): Promise<Answer> {
  const look = async () => {
    const { facts, scope } = await loadCluster(invocation, streams, invocation.files, () => ({
      cleanup: true,
    }));
    return { facts, scope, found: findingsIn(facts) };
  };
  let { facts, scope, found } = await look();
  if (isMerelyDue(facts, found)) {
    streams.say('Something is due just now, and a controller is at work: looking again in 2 s.');
    await sleep(streams.clock, 2_000, streams.signal);
    ({ facts, scope, found } = await look());
  }
  return audit(facts, scope, found);
}

async function askPlan(invocation: Invocation, streams: IOStreams): Promise<Answer> {
  const [changed, ...dump] = invocation.files;
  if (changed === undefined)
    throw new Error('which ConfigMap? Give the changed one: kubectl vip plan -f configmap.yaml.');
  const { facts } = await loadCluster(invocation, streams, dump, () => ({}));
  const { configMap, name } = await readConfigMap(changed, facts.options.configMap, streams);
  return plan(facts, readConfig(configMap), name);
}

async function askCheck(invocation: Invocation, streams: IOStreams): Promise<Answer> {
  const { files, settings, context, kubeconfig } = invocation;
  const [file, ...more] = files;
  if (more.length > 0) throw new Error('it checks one file at a time. Give one -f.');
  const needs = () => ({ networks: true });
  if (file === undefined) {
    const { facts } = await loadCluster(invocation, streams, [], needs);
    const { namespace, name } = facts.options.configMap;
    if (facts.configMap === undefined)
      throw new Error(`there is no ConfigMap ${namespace}/${name}. Create it, or give a file by -f.`);
    const { networks, snapshot } = facts;
    const placeOf = () => undefined;
    return check({
      config: snapshot.config,
      placeOf,
      networks,
      name: `${namespace}/${name}`,
      remarks: [],
    });
  }
  const isCompared = context !== undefined || kubeconfig !== undefined;
  const facts = isCompared ? (await loadCluster(invocation, streams, [], needs)).facts : undefined;
  const { options } = facts ?? settingsFrom(undefined, settings);
  const { configMap, name, placeOf, remarks } = await readConfigMap(file, options.configMap, streams);
  return check({ config: readConfig(configMap), placeOf, networks: facts?.networks, name, remarks });
}

/** The ConfigMap that a file holds, whatever else is in it. */
async function readConfigMap(path: string, wanted: { namespace: string; name: string }, streams: IOStreams) {
  const text = await streams.readText(path);
  const { objects, placeOf, remarks, errors } = readManifests([text], {
    configMap: wanted,
    isPoolsAlone: true,
    toName: 'name it by --configmap NAMESPACE/NAME',
  });
  if (errors.length > 0) throw new Error(errors.join('\n'));
  const configMap = objects.find((object): object is ConfigMap => object.kind === 'ConfigMap');
  // The remarks say that it is missing, and what may be meant.
  if (configMap === undefined) throw new Error([printable(text.name), ...remarks].join(': '));
  for (const remark of remarks) streams.say(remark);
  return { configMap, name: text.name, placeOf, remarks };
}
