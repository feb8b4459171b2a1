import type { KubeObject } from '../../core/model/objects.ts';
import type { Options } from '../../core/model/options.ts';
import { controllerFlags } from '../flags/controller-flags.ts';
import { defaultController, readEnvironment } from '../flags/environment.ts';
import { parseFlags } from '../flags/flags.ts';
import { type SettingFlags, systemNamespace } from './setting-flags.ts';

/** The fields of an apps/v1 Deployment that contain the controller's command line. */
export interface Deployment extends KubeObject {
  spec?: {
    selector?: { matchLabels?: Record<string, string> };
    template?: { spec?: { containers?: Container[] } };
  };
}

interface Container {
  name?: string;
  image?: string;
  command?: string[];
  args?: string[];
  env?: { name: string; value?: string; valueFrom?: unknown }[];
  envFrom?: unknown[];
}

/** Where the controller runs. */
export interface ControllerDeployment {
  readonly namespace: string;
  /** `NAMESPACE/NAME` */
  readonly name: string;
  /** The label selector of its Pods, as in a query. */
  readonly selector: string;
  readonly container: string | undefined;
}

/** The controller's settings, and where they come from. */
export interface Settings {
  readonly options: Options;
  /** The namespace of the Lease. */
  readonly leaseNamespace: string;
  /** The Deployment of the controller; undefined without one. */
  readonly deployment: ControllerDeployment | undefined;
  /** A sentence: which ConfigMap, Services and controller, and where these settings come from. */
  readonly origin: string;
  /** Doubts about the settings. */
  readonly remarks: readonly string[];
}

/**
 * The settings of the controller's Deployment, overridden by flags; the defaults without a Deployment. `deployments` is
 * undefined if Deployments were not read.
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
  const hasFlags =
    flags.configMap !== undefined || flags.class !== undefined || flags.controller !== undefined;
  const sources = [
    ...(hasFlags ? ['flags'] : []),
    ...(chosen === undefined ? ['defaults'] : [`Deployment ${nameOf(chosen)}`]),
  ].join(' and ');
  const { configMap, class: loadBalancerClass } = options;
  const services =
    loadBalancerClass === undefined ? 'Services without a class' : `Services of class ${loadBalancerClass}`;
  return {
    options,
    leaseNamespace: read?.leaseNamespace ?? systemNamespace,
    deployment: chosen && placeOf(chosen),
    origin: `Settings from ${sources}: ConfigMap ${configMap.namespace}/${configMap.name}, ${services}, controller ${options.controller}.`,
    remarks,
  };
}

function placeOf(deployment: Deployment): ControllerDeployment {
  const { metadata, spec } = deployment;
  const labels = Object.entries(spec?.selector?.matchLabels ?? {});
  return {
    namespace: metadata.namespace ?? 'default',
    name: nameOf(deployment),
    selector: labels.map(([label, value]) => `${label}=${value}`).join(','),
    container: controllerOf(deployment)?.name,
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
        `Deployment ${wanted} does not exist, cannot be read, or does not run kube-vip-cloud-provider. Using the defaults.`,
      );
    return found;
  }
  const sorted = [...candidates].sort((a, b) => rank(a) - rank(b) || (nameOf(a) < nameOf(b) ? -1 : 1));
  const [first, ...others] = sorted;
  if (first !== undefined && others.length > 0) {
    remarks.push(
      `Several controllers are installed (${sorted.map(nameOf).join(', ')}). Using ${nameOf(first)}; to choose another one, add --deployment NAMESPACE/NAME.`,
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

/** Identified by image or command, because a Deployment can have any name. */
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
  const unread = env.filter(({ name, valueFrom }) => name.startsWith('KUBEVIP_') && valueFrom !== undefined);
  for (const { name } of unread)
    remarks.push(
      `Deployment ${nameOf(deployment)} sets ${name} with valueFrom, which is not read. Specify the value with --configmap or --class.`,
    );
  if (envFrom.length > 0)
    remarks.push(
      `Deployment ${nameOf(deployment)} sets environment variables with envFrom, which is not read. If they include a KUBEVIP_ variable, specify its value with --configmap or --class.`,
    );
  const variables = Object.fromEntries(env.map(({ name, value }) => [name, value]));
  const parsed = parseFlags([...command.slice(1), ...args], controllerFlags);
  const values: ReadonlyMap<string, string> = 'message' in parsed ? new Map() : parsed.values;
  if ('message' in parsed)
    remarks.push(`Cannot read the arguments of Deployment ${nameOf(deployment)}: ${parsed.message}`);
  const { options, errors } = readEnvironment(variables, {
    controller: values.get('leader-elect-resource-name') ?? defaultController,
    claims: values.get('claims') === 'true',
  });
  for (const error of errors) remarks.push(`Deployment ${nameOf(deployment)}: ${error}`);
  return { options, leaseNamespace: values.get('leader-elect-resource-namespace') ?? systemNamespace };
}
