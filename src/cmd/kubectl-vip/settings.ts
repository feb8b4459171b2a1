import type { KubeObject } from '../../core/model/objects.ts';
import type { Options } from '../../core/model/options.ts';
import { quoted } from '../../core/text/quote.ts';
import { controllerFlags } from '../flags/controller-flags.ts';
import { defaultController, readEnvironment } from '../flags/environment.ts';
import { parseFlags } from '../flags/flags.ts';

/** The fields of an apps/v1 Deployment that say how the controller was started. */
export interface Deployment extends KubeObject {
  spec?: { template?: { spec?: { containers?: Container[] } } };
}

interface Container {
  name?: string;
  image?: string;
  command?: string[];
  args?: string[];
  env?: { name: string; value?: string; valueFrom?: unknown }[];
  envFrom?: unknown[];
}

/** What the flags of the command line say of it; what is undefined was not said. */
export interface SettingFlags {
  readonly deployment: { readonly namespace: string; readonly name: string } | undefined;
  readonly configMap: { readonly namespace: string; readonly name: string } | undefined;
  /** The class of the class mode; "" for the default mode. */
  readonly class: string | undefined;
  readonly controller: string | undefined;
}

/** How the controller works, and how that was learned. */
export interface Settings {
  readonly options: Options;
  /** Where the Lease is. */
  readonly leaseNamespace: string;
  /** A sentence: which ConfigMap and which Services count, and who says so. */
  readonly origin: string;
  /** What is doubtful about it. */
  readonly remarks: readonly string[];
}

/** Its default, in the Go version, too. */
const systemNamespace = 'kube-system';

/**
 * The settings of the controller: its Deployment's, where that can be read, and what flags say in their place; else the
 * defaults. `deployments` is undefined where they were not looked at.
 */
export function settingsFrom(deployments: readonly Deployment[] | undefined, flags: SettingFlags): Settings {
  const remarks: string[] = [];
  const candidates = (deployments ?? []).filter(isController);
  const chosen = choose(candidates, flags, remarks);
  const read = chosen === undefined ? undefined : readDeployment(chosen, remarks);
  const base = read?.options ?? readEnvironment({}, { controller: defaultController, claims: false }).options;
  const options: Options = {
    ...base,
    ...(flags.configMap === undefined ? {} : { configMap: flags.configMap }),
    ...(flags.class === undefined ? {} : { class: flags.class === '' ? undefined : flags.class }),
    ...(flags.controller === undefined ? {} : { controller: flags.controller }),
  };
  const isSaid = flags.configMap !== undefined || flags.class !== undefined || flags.controller !== undefined;
  const by = [
    ...(isSaid ? ['the flags'] : []),
    ...(chosen === undefined ? ['the defaults'] : [`the Deployment ${nameOf(chosen)}`]),
  ].join(' and ');
  const { configMap, class: ours } = options;
  const services = ours === undefined ? 'Services without a class' : `Services of the class ${ours}`;
  return {
    options,
    leaseNamespace: read?.leaseNamespace ?? systemNamespace,
    origin: `ConfigMap ${configMap.namespace}/${configMap.name}, ${services}, controller ${options.controller}: from ${by}.`,
    remarks,
  };
}

function choose(
  candidates: readonly Deployment[],
  { deployment }: SettingFlags,
  remarks: string[],
): Deployment | undefined {
  if (deployment !== undefined) {
    const wanted = `${deployment.namespace}/${deployment.name}`;
    const found = candidates.find((one) => nameOf(one) === wanted);
    if (found === undefined)
      remarks.push(
        `There is no Deployment ${wanted} that runs kube-vip-cloud-provider, or it cannot be read: the defaults count.`,
      );
    return found;
  }
  const sorted = [...candidates].sort((a, b) => rank(a) - rank(b) || (nameOf(a) < nameOf(b) ? -1 : 1));
  const [first, ...others] = sorted;
  if (first !== undefined && others.length > 0) {
    remarks.push(
      `There are several controllers (${sorted.map(nameOf).join(', ')}): this is about ${nameOf(first)}. Name another one by --deployment NAMESPACE/NAME.`,
    );
  }
  return first;
}

function rank(deployment: Deployment): number {
  return nameOf(deployment) === `${systemNamespace}/kube-vip-cloud-provider` ? 0 : 1;
}

function nameOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? 'default'}/${metadata.name}`;
}

function isController(deployment: Deployment): boolean {
  return controllerOf(deployment) !== undefined;
}

/** By its image or its command; the name alone may be anybody's. */
function controllerOf({ spec }: Deployment): Container | undefined {
  return spec?.template?.spec?.containers?.find(({ image = '', command = [] }) =>
    [image, command[0] ?? ''].some((text) => text.includes('kube-vip-cloud-provider')),
  );
}

function readDeployment(
  deployment: Deployment,
  remarks: string[],
): { options: Options; leaseNamespace: string } {
  const { command = [], args = [], env = [], envFrom = [] } = controllerOf(deployment) ?? {};
  const unknown = env.filter(({ name, valueFrom }) => name.startsWith('KUBEVIP_') && valueFrom !== undefined);
  for (const { name } of unknown)
    remarks.push(
      `${nameOf(deployment)} takes ${name} from elsewhere, which is not read: say what it is by --configmap or --class.`,
    );
  if (envFrom.length > 0)
    remarks.push(
      `${nameOf(deployment)} takes variables from elsewhere (envFrom), which are not read: if a KUBEVIP_ one is among them, say what it is by --configmap or --class.`,
    );
  const variables = Object.fromEntries(env.map(({ name, value }) => [name, value]));
  const parsed = parseFlags([...command.slice(1), ...args], controllerFlags);
  const values: ReadonlyMap<string, string> = 'message' in parsed ? new Map() : parsed.values;
  if ('message' in parsed)
    remarks.push(`The arguments of ${nameOf(deployment)} cannot be read: ${parsed.message}`);
  const { options, errors } = readEnvironment(variables, {
    controller: values.get('leader-elect-resource-name') ?? defaultController,
    claims: values.get('claims') === 'true',
  });
  for (const error of errors) remarks.push(`${nameOf(deployment)}: ${error}`);
  return { options, leaseNamespace: values.get('leader-elect-resource-namespace') ?? systemNamespace };
}

/** `NAME` or `NAMESPACE/NAME`; a sentence where it is neither. */
export function readName(
  flag: string,
  text: string,
): { namespace: string; name: string } | { message: string } {
  const [name = '', namespace = systemNamespace, ...more] = text.split('/').reverse();
  const isWord = (word: string): boolean => /^[a-z0-9](?:[-.a-z0-9]*[a-z0-9])?$/.test(word);
  if (more.length > 0 || !isWord(name) || !isWord(namespace))
    return { message: `${flag} is ${quoted(text)}. Write NAME, or NAMESPACE/NAME.` };
  return { namespace, name };
}
