import type { ElectionOptions } from '../../client/election-options.ts';
import type { RateLimit } from '../../client/rate-limit.ts';
import type { Options } from '../../core/model/options.ts';
import { quoted } from '../../core/text/quote.ts';
import { isName } from '../../schema/names.ts';
import { controllerFlags, ignoredFlagsWarning } from '../flags/controller-flags.ts';
import { defaultController, type Environment, readEnvironment } from '../flags/environment.ts';
import { parseFlags } from '../flags/flags.ts';
import { allowsColor, type Request, usage } from '../flags/request.ts';
import {
  type ClusterAccess,
  clusterAccess,
  type HealthOptions,
  healthOptions,
  rateLimit,
} from './connection-flags.ts';
import { controllerHelp } from './controller-help.ts';
import { electionOptions } from './election-flags.ts';
import { FlagValues, maxInt32 } from './flag-values.ts';

/** The controller process. */
export interface ControllerRun {
  access: ClusterAccess;
  /** Undefined: there is only one replica. */
  election: ElectionOptions | undefined;
  /** Maximum number of in-flight PATCH requests. */
  concurrentWrites: number;
  /** Whether the state of the pools is kept in a ConfigMap. */
  publishStatus: boolean;
  /** Undefined: no limit. */
  rateLimit: RateLimit | undefined;
  /** Undefined: not served. */
  health: HealthOptions | undefined;
  /** Port of the web page on the loopback interface; 0: not served. */
  webPort: number;
  /** As in klog: 0 is the default, higher values log more. */
  verbosity: number;
  logFormat: 'json' | 'text';
  /** Whether the environment allows colors; the caller checks for a terminal. */
  color: boolean;
  options: Options;
  /** About valid settings that probably don't have the intended effect. */
  warnings: string[];
}

export function controllerRequest(argv: readonly string[], env: Environment): Request<ControllerRun> {
  const help = 'kube-vip-cloud-provider --help';
  const parsed = parseFlags(argv, controllerFlags);
  if ('message' in parsed) return usage(parsed.message, help);
  const { values, words } = parsed;
  if (values.get('help') === 'true') return { kind: 'help', text: controllerHelp };
  if ((values.get('version') ?? 'false') !== 'false') return { kind: 'version' };
  // Like the Go version, ignore empty arguments: templates produce them for unset values.
  const argument = words.find((word) => word !== '');
  if (argument !== undefined) {
    const advice = /^(true|false)$/i.test(argument)
      ? 'Set a boolean flag with "=": --leader-elect=false.'
      : 'The controller accepts only flags.';
    return usage(`Unexpected argument ${quoted(argument)}. ${advice}`, help);
  }
  return controllerRun(new FlagValues(values), ignoredFlagsWarning([...values.keys()]), env, help);
}

function controllerRun(
  flags: FlagValues,
  warnings: string[],
  env: Environment,
  help: string,
): Request<ControllerRun> {
  const controller = flags.text('leader-elect-resource-name') ?? defaultController;
  if (!isName(controller, 'dns-subdomain')) {
    flags.errors.push(
      `--leader-elect-resource-name=${quoted(controller)} is not a valid name in Kubernetes. Use a name such as ${defaultController}.`,
    );
  }
  const environment = readEnvironment(env, { controller, claims: flags.isOn('claims') });
  const run: ControllerRun = {
    access: clusterAccess(flags),
    election: electionOptions(flags, controller, warnings),
    concurrentWrites: flags.integer('concurrent-service-syncs', 1, maxInt32),
    publishStatus: flags.isOn('publish-status'),
    rateLimit: rateLimit(flags, warnings),
    health: healthOptions(flags),
    webPort: flags.integer('web-port', 0, 65535),
    verbosity: flags.integer('v', 0, maxInt32),
    logFormat: flags.oneOf('log-format', ['json', 'text']),
    color: allowsColor(env),
    options: {
      ...environment.options,
      maxFormerHolders: flags.integer('max-remembered-addresses', 0, maxInt32),
    },
    warnings: [...warnings, ...environment.warnings],
  };
  const errors = [...flags.errors, ...environment.errors];
  return errors.length > 0 ? usage(errors.join('\n'), help) : { kind: 'run', ...run };
}
