import { sleep } from '../../client/wait.ts';
import { readPools } from '../../core/config/config.ts';
import type { ConfigMap } from '../../core/model/objects.ts';
import { printable, quoted } from '../../core/text/quote.ts';
import { readManifests } from '../../manifest/manifests.ts';
import type { Answer } from './answer.ts';
import { audit, findingsIn, isMerelyDue } from './audit-command.ts';
import { check } from './check-command.ts';
import type { CommandName } from './commands.ts';
import { explain, servicesIn } from './explain-command.ts';
import type { Desk } from './io-streams.ts';
import { gather } from './load-cluster.ts';
import { plan } from './plan-command.ts';
import type { Invocation } from './plugin-arguments.ts';
import { pools } from './pools-command.ts';
import { settingsFrom } from './settings.ts';
import { rangeIn, who } from './who-command.ts';

/** One that is answered at once; `web` goes on. */
type Question = Invocation & { readonly command: Exclude<CommandName, 'web'> };

/** Answers one question. Throws a sentence where it cannot. */
export async function ask(invocation: Question, desk: Desk): Promise<Answer> {
  const { command, words, files } = invocation;
  const [word] = words;
  if (word !== undefined && command !== 'explain' && command !== 'who')
    throw new Error(
      `${quoted(word)} is no flag, and it takes only flags. See kubectl vip ${command} --help.`,
    );
  switch (command) {
    case 'explain': {
      const { facts, scope } = await gather(invocation, desk, files, (scope) => ({
        managedFields: words.length > 0,
        named: servicesIn(words, scope),
      }));
      return explain(facts, scope, words);
    }
    case 'pools': {
      const { facts, scope } = await gather(invocation, desk, files, () => ({}));
      return pools(facts, scope);
    }
    case 'who': {
      if (words.length === 0)
        throw new Error('which address? Write one, or a block: kubectl vip who 192.168.0.201.');
      const ranges = words.map(rangeIn);
      const { facts } = await gather(invocation, desk, files, () => ({ managedFields: true }));
      return who(facts, ranges);
    }
    case 'plan':
      return askPlan(invocation, desk);
    case 'check':
      return askCheck(invocation, desk);
    case 'audit':
      return askAudit(invocation, desk);
  }
}

async function askAudit(invocation: Invocation, desk: Desk): Promise<Answer> {
  const look = async () => {
    const { facts, scope } = await gather(invocation, desk, invocation.files, () => ({ leftovers: true }));
    return { facts, scope, found: findingsIn(facts) };
  };
  let { facts, scope, found } = await look();
  if (isMerelyDue(facts, found)) {
    desk.say('Something is due just now, and a controller is at work: looking again in 2 s.');
    await sleep(desk.clock, 2_000, desk.signal);
    ({ facts, scope, found } = await look());
  }
  return audit(facts, scope, found);
}

async function askPlan(invocation: Invocation, desk: Desk): Promise<Answer> {
  const [changed, ...dump] = invocation.files;
  if (changed === undefined)
    throw new Error('which ConfigMap? Give the changed one: kubectl vip plan -f configmap.yaml.');
  const { facts } = await gather(invocation, desk, dump, () => ({}));
  const { configMap, name } = await readConfigMap(changed, facts.options.configMap, desk);
  return plan(facts, readPools(configMap), name);
}

async function askCheck(invocation: Invocation, desk: Desk): Promise<Answer> {
  const { files, settings, context, kubeconfig } = invocation;
  const [file, ...more] = files;
  if (more.length > 0) throw new Error('it checks one file at a time. Give one -f.');
  const needs = () => ({ surroundings: true });
  if (file === undefined) {
    const { facts } = await gather(invocation, desk, [], needs);
    const { namespace, name } = facts.options.configMap;
    if (facts.configMap === undefined)
      throw new Error(`there is no ConfigMap ${namespace}/${name}. Create it, or give a file by -f.`);
    const { surroundings, snapshot } = facts;
    const placeOf = () => undefined;
    return check({ pools: snapshot.pools, placeOf, surroundings, name: `${namespace}/${name}`, remarks: [] });
  }
  const isCompared = context !== undefined || kubeconfig !== undefined;
  const facts = isCompared ? (await gather(invocation, desk, [], needs)).facts : undefined;
  const { options } = facts ?? settingsFrom(undefined, settings);
  const { configMap, name, placeOf, remarks } = await readConfigMap(file, options.configMap, desk);
  return check({ pools: readPools(configMap), placeOf, surroundings: facts?.surroundings, name, remarks });
}

/** The ConfigMap that a file holds, whatever else is in it. */
async function readConfigMap(path: string, wanted: { namespace: string; name: string }, desk: Desk) {
  const text = await desk.readText(path);
  const { objects, placeOf, remarks, errors } = readManifests([text], {
    configMap: wanted,
    isPoolsAlone: true,
    toName: 'name it by --configmap NAMESPACE/NAME',
  });
  if (errors.length > 0) throw new Error(errors.join('\n'));
  const configMap = objects.find((object): object is ConfigMap => object.kind === 'ConfigMap');
  // The remarks say that it is missing, and what may be meant.
  if (configMap === undefined) throw new Error([printable(text.name), ...remarks].join(': '));
  for (const remark of remarks) desk.say(remark);
  return { configMap, name: text.name, placeOf, remarks };
}
