import type { ElectionOptions } from '../../client/election-options.ts';
import type { RateLimit } from '../../client/rate-limit.ts';
import type { Options } from '../../core/model/options.ts';
import { quoted } from '../../core/text/quote.ts';
import { isName } from '../../manifest/object-names.ts';
import { controllerFlags, ignoredNote } from '../flags/controller-flags.ts';
import { defaultController, type Environment, readEnvironment } from '../flags/environment.ts';
import { parseFlags } from '../flags/flags.ts';
import { type Request, usage, welcomesColour } from '../flags/request.ts';
import {
  type ClusterAccess,
  clusterAccess,
  type HealthOptions,
  healthOptions,
  rateLimit,
} from './connection-flags.ts';
import { controllerHelp } from './controller-help.ts';
import { electionOptions } from './election-flags.ts';
import { FlagValues, mostInt32 } from './flag-values.ts';

/** The controller process. */
export interface ControllerRun {
  access: ClusterAccess;
  /** undefined: there is no other replica. */
  election: ElectionOptions | undefined;
  /** PATCHes under way at once. */
  concurrentWrites: number;
  /** undefined: as fast as the API server takes them. */
  rateLimit: RateLimit | undefined;
  /** undefined: nowhere. */
  health: HealthOptions | undefined;
  /** Where the page is served, on loopback; 0: nowhere. */
  webPort: number;
  /** As in klog: 0 is the usual, more says more. */
  verbosity: number;
  logFormat: 'json' | 'text';
  /** As in TryRun. */
  colour: boolean;
  options: Options;
  notes: string[];
}

export function controllerRequest(argv: readonly string[], env: Environment): Request<ControllerRun> {
  const help = 'kube-vip-cloud-provider --help';
  const parsed = parseFlags(argv, controllerFlags);
  if ('message' in parsed) return usage(parsed.message, help);
  const { values, words } = parsed;
  if (values.get('help') === 'true') return { kind: 'help', text: controllerHelp };
  if ((values.get('version') ?? 'false') !== 'false') return { kind: 'version' };
  // As the Go version: an empty word is what a template leaves of an argument that is not set.
  const word = words.find((text) => text !== '');
  if (word !== undefined) {
    const advice = /^(true|false)$/i.test(word)
      ? 'The value of a true-or-false flag is written with "=": --leader-elect=false.'
      : 'The controller takes only flags.';
    return usage(`${quoted(word)} is no flag. ${advice}`, help);
  }
  return controllerRun(new FlagValues(values), ignoredNote([...values.keys()]), env, help);
}

function controllerRun(
  flags: FlagValues,
  notes: string[],
  env: Environment,
  help: string,
): Request<ControllerRun> {
  const controller = flags.text('leader-elect-resource-name') ?? defaultController;
  if (!isName(controller, true)) {
    const what = `--leader-elect-resource-name is ${quoted(controller)}, which cannot be a name in Kubernetes`;
    flags.errors.push(`${what}. Write one like ${defaultController}.`);
  }
  const environment = readEnvironment(env, { controller, claims: flags.isOn('claims') });
  const run: ControllerRun = {
    access: clusterAccess(flags),
    election: electionOptions(flags, controller, notes),
    concurrentWrites: flags.whole('concurrent-service-syncs', 1, mostInt32),
    rateLimit: rateLimit(flags, notes),
    health: healthOptions(flags),
    webPort: flags.whole('web-port', 0, 65535),
    verbosity: flags.whole('v', 0, mostInt32),
    logFormat: flags.oneOf('log-format', ['json', 'text']),
    colour: welcomesColour(env),
    options: environment.options,
    notes: [...notes, ...environment.notes],
  };
  const errors = [...flags.errors, ...environment.errors];
  return errors.length > 0 ? usage(errors.join('\n'), help) : { kind: 'run', ...run };
}
